/** A router that is not real: a consumer that is resumed sends by ffmpeg, encrypted, where its transport is connected to. */

import { FakeConsumer, FakeRouter } from "./fake.mjs";
import { send } from "./senders.mjs";

let streams = 0;

FakeConsumer.prototype.resume = async function () {
  const [{ mimeType, payloadType = 0 }] = this.rtpParameters.codecs;
  const { ip, port } = this.transport.remote;
  const { cryptoSuite, keyBase64 } = this.transport.srtpParameters;
  const end = send({
    codec: mimeType.split("/")[1],
    payloadType,
    ssrc: this.rtpParameters.encodings[0].ssrc,
    to: `srtp://${ip}:${port}`,
    more: ["-srtp_out_suite", cryptoSuite, "-srtp_out_params", keyBase64],
  });
  streams += 1;
  this.observer.once("close", () => {
    end();
    streams -= 1;
  });
};

export function stage() {
  const router = new FakeRouter();
  /** @param {{id: string, participant?: string, kind: string, codec: string}} what */
  const produce = async ({ id, participant, kind, codec }) =>
    router.produce(router.join(), {
      id,
      kind,
      mimeType: `${kind}/${codec}`,
      appData: { participant },
      headerExtensions: [{ uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", id: 1 }],
    });
  return { router, produce, sent: () => streams };
}
