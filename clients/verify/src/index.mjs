/** Everything that may be called from outside. */

export { encodeHex } from "./bytes.mjs";
export { Fault } from "./fault.mjs";
export { verifyLog } from "./log.mjs";
export { openCheckpoint, parsePolicy, trustLog } from "./policy.mjs";
export { parseProof, verifyProof } from "./proof.mjs";
export { verifyReceipt } from "./receipt.mjs";
