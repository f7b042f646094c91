// Pieces of SDP: the fragments of RFC 8840 with which WHIP trickles candidates and restarts ICE.

const ICE = /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)\b/;

function lines(sdp: string): string[] {
  return sdp.split(/\r?\n/).filter((line) => line !== "");
}

/** The session part and the media parts of an SDP. */
function parts(sdp: string): string[][] {
  const found: string[][] = [[]];
  for (const line of lines(sdp)) {
    if (line.startsWith("m=")) found.push([]);
    found.at(-1)!.push(line);
  }
  return found;
}

/** A fragment for the first media section of a description, which all others are bundled with. */
export function fragment(sdp: string, candidates: readonly string[], isEnd: boolean): string {
  const [session = [], first = []] = parts(sdp);
  const credentials = [...session, ...first].filter((line) => /^a=ice-(ufrag|pwd):/.test(line));
  const place = first.filter((line) => line.startsWith("m=") || line.startsWith("a=mid:"));
  const ends = isEnd ? ["a=end-of-candidates"] : [];
  return [...credentials, ...place, ...candidates.map((one) => `a=${one}`), ...ends, ""].join("\r\n");
}

/** An earlier answer with the ICE of a fragment in the place of its own: what a restart is answered with. */
export function restarted(answer: string, fresh: string): string {
  const ice = lines(fresh).filter((line) => ICE.test(line));
  const [session = [], ...media] = parts(answer);
  const kept = media.map((part) => [...part.filter((line) => !ICE.test(line)), ...ice]);
  return [...session.filter((line) => !ICE.test(line)), ...kept.flat(), ""].join("\r\n");
}

/** The ICE servers that `Link` headers name: `<stun:host:port>; rel="ice-server"`. */
export function iceServers(link: string | null): RTCIceServer[] {
  const found: RTCIceServer[] = [];
  for (const [, url = "", rest = ""] of (link ?? "").matchAll(
    /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^",;]+))*)/g,
  )) {
    const values = Object.fromEntries(
      [...rest.matchAll(/;\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^",;]+))/g)].map(([, name, quoted, bare]) => [
        name,
        quoted ?? bare,
      ]),
    );
    if (values["rel"] !== "ice-server") continue;
    const { username, credential } = values;
    found.push({ urls: url, ...(username ? { username } : {}), ...(credential ? { credential } : {}) });
  }
  return found;
}
