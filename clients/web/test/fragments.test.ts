import { expect, test } from "vitest";
import { fragment, iceServers, restarted } from "../src/publish/fragments.ts";

const OFFER = [
  "v=0",
  "a=group:BUNDLE 0 1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=ice-ufrag:old1",
  "a=ice-pwd:oldpassword",
  "a=candidate:1 1 udp 1 127.0.0.1 5000 typ host",
  "a=mid:0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=ice-ufrag:old1",
  "a=mid:1",
  "",
].join("\r\n");

test("a fragment names its credentials, its section, its candidates and their end", () => {
  expect(fragment(OFFER, ["candidate:2 1 udp 1 127.0.0.1 5001 typ host"], true)).toBe(
    [
      "a=ice-ufrag:old1",
      "a=ice-pwd:oldpassword",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111",
      "a=mid:0",
      "a=candidate:2 1 udp 1 127.0.0.1 5001 typ host",
      "a=end-of-candidates",
      "",
    ].join("\r\n"),
  );
});

test("a restart changes the ICE of every section and nothing else", () => {
  const fresh = "a=ice-ufrag:new1\r\na=ice-pwd:newpassword\r\na=candidate:9 1 udp 1 10.0.0.1 6 typ host\r\n";
  const after = restarted(OFFER, fresh).split("\r\n");
  expect(after.filter((line) => line.includes("old"))).toEqual([]);
  expect(after.filter((line) => line === "a=ice-ufrag:new1").length).toBe(2);
  expect(after.filter((line) => line.startsWith("m=") || line.startsWith("a=mid"))).toEqual([
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=mid:0",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=mid:1",
  ]);
});

test("ICE servers are read from links, other links are not", () => {
  const link =
    '<stun:a.example:3478>; rel="ice-server", <turn:b.example>; rel=ice-server; username="u"; credential="p,;1", </x>; rel="next"';
  expect(iceServers(link)).toEqual([
    { urls: "stun:a.example:3478" },
    { urls: "turn:b.example", username: "u", credential: "p,;1" },
  ]);
  expect(iceServers(null)).toEqual([]);
});
