/** Trust policies (c2sp.org/tlog-policy): whose logs count, and which witnesses must have seen a checkpoint. */

import { decodeUtf8, encodeHex } from "./bytes.mjs";
import { parseCheckpoint } from "./checkpoint.mjs";
import { Fault, must } from "./fault.mjs";
import { COSIGNATURE_V1, ED25519, parseKey, verifyNote } from "./note.mjs";

const MAX_POLICY_BYTES = 64 * 1024;

/** @typedef {import("./note.mjs").Key} Key */

/**
 * @typedef {object} Group
 * @property {number} threshold
 * @property {string[]} members
 *
 * @typedef {object} Policy
 * @property {Key[]} logs
 * @property {Map<string, Key>} witnesses
 * @property {Map<string, Group>} groups
 * @property {string} quorum a witness, a group or `none`
 *
 * @typedef {object} Trusted a checkpoint that the policy accepts
 * @property {import("./checkpoint.mjs").Checkpoint} checkpoint
 * @property {Key} log
 * @property {{name: string, time: bigint}[]} witnesses
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Policy}
 */
export function parsePolicy(bytes) {
  must(bytes.length <= MAX_POLICY_BYTES, "the policy is too long");
  const octets = latin1(bytes);
  must(/^[\t\n\x20-\x7e\x80-\xff]*$/.test(octets), "the policy holds a control character");
  /** @type {Policy} */
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: "" };
  for (const line of octets.split("\n")) {
    const items = line.split(/[ \t]+/).filter((item) => item !== "");
    if (items.length > 0 && !items[0].startsWith("#")) read(policy, items);
  }
  must(policy.quorum !== "", "the policy names no quorum");
  return policy;
}

/**
 * The policy that trusts one log and asks for no witness.
 * @param {string} vkey
 * @returns {Policy}
 */
export function trustLog(vkey) {
  const key = parseKey(vkey.trim());
  must(key.type === ED25519, "this is a witness's key, not a log's");
  return { logs: [key], witnesses: new Map(), groups: new Map(), quorum: "none" };
}

/**
 * A checkpoint that is signed by a known log and seen by the quorum; a fault otherwise.
 * @param {Uint8Array} bytes
 * @param {Policy} policy
 * @returns {Promise<Trusted>}
 */
export async function openCheckpoint(bytes, policy) {
  const checkpoint = parseCheckpoint(bytes);
  const logs = policy.logs.filter((key) => key.name === checkpoint.origin);
  const signed = await verifyNote(checkpoint.note, [...logs, ...policy.witnesses.values()]);
  const log = signed.find(({ key }) => logs.includes(key));
  must(log, `the checkpoint of ${checkpoint.origin} is not signed by a log that you trust`);
  const seen = new Set(signed.map(({ key }) => key));
  must(witnessed(policy, policy.quorum, seen), `the quorum ${policy.quorum} has not cosigned this checkpoint`);
  const witnesses = signed.flatMap(({ key, time }) => (time === null ? [] : [{ name: key.name, time }]));
  return { checkpoint, log: log.key, witnesses };
}

/**
 * @param {Policy} policy
 * @param {string} name
 * @param {Set<Key>} seen
 * @returns {boolean}
 */
function witnessed(policy, name, seen) {
  if (name === "none") return true;
  const witness = policy.witnesses.get(name);
  if (witness !== undefined) return seen.has(witness);
  const group = policy.groups.get(name);
  if (group === undefined) throw new Fault(`the policy knows no ${name}`);
  return group.members.filter((member) => witnessed(policy, member, seen)).length >= group.threshold;
}

/**
 * One line of the policy.
 * @param {Policy} policy
 * @param {string[]} items
 */
function read(policy, items) {
  const [keyword, ...words] = items;
  if (keyword === "log") readLog(policy, words);
  else if (keyword === "witness") readWitness(policy, words);
  else if (keyword === "group") readGroup(policy, words);
  else if (keyword === "quorum") readQuorum(policy, words);
  else throw new Fault(`the policy holds the unknown line \`${keyword}\``);
}

/**
 * @param {Policy} policy
 * @param {string[]} words
 */
function readLog(policy, words) {
  must(words.length === 1 || words.length === 2, "a log line is `log <vkey> [<url>]`");
  const key = vkey(words[0]);
  must(key.type === ED25519, "a log signs with type 1");
  must(!holds(policy.logs, key), "the policy lists a log twice");
  policy.logs.push(key);
}

/**
 * @param {Policy} policy
 * @param {string[]} words
 */
function readWitness(policy, words) {
  must(words.length === 2 || words.length === 3, "a witness line is `witness <name> <vkey> [<url>]`");
  const key = vkey(words[1]);
  must(key.type === COSIGNATURE_V1, "a witness cosigns with type 4");
  must(!holds([...policy.witnesses.values()], key), "the policy lists a witness twice");
  checkNew(policy, words[0]);
  policy.witnesses.set(words[0], key);
}

/**
 * @param {Policy} policy
 * @param {string[]} words
 */
function readGroup(policy, words) {
  const [name, wanted, ...members] = words;
  must(members.length > 0, "a group line is `group <name> all|any|<k> <name>...`");
  checkNew(policy, name);
  const taken = new Set([...policy.groups.values()].flatMap((group) => group.members));
  for (const member of members) {
    must(policy.witnesses.has(member) || policy.groups.has(member), `the group ${name} names the unknown ${member}`);
    must(!taken.has(member), `${member} is a member twice`);
    taken.add(member);
  }
  must(wanted === "all" || wanted === "any" || /^[1-9][0-9]{0,5}$/.test(wanted), `the group ${name} has no threshold`);
  const threshold = wanted === "all" ? members.length : wanted === "any" ? 1 : Number(wanted);
  must(threshold <= members.length, `the group ${name} asks for more members than it has`);
  policy.groups.set(name, { threshold, members });
}

/**
 * @param {Policy} policy
 * @param {string[]} words
 */
function readQuorum(policy, words) {
  must(words.length === 1, "a quorum line is `quorum <name>`");
  must(policy.quorum === "", "the policy names two quorums");
  const known = words[0] === "none" || policy.witnesses.has(words[0]) || policy.groups.has(words[0]);
  must(known, `the quorum names the unknown ${words[0]}`);
  policy.quorum = words[0];
}

/**
 * @param {Policy} policy
 * @param {string} name
 */
function checkNew(policy, name) {
  const taken = name === "none" || policy.witnesses.has(name) || policy.groups.has(name);
  must(!taken, `the policy defines ${name} twice`);
}

/**
 * @param {Key[]} keys
 * @param {Key} key
 * @returns {boolean}
 */
function holds(keys, key) {
  return keys.some((one) => encodeHex(one.bytes) === encodeHex(key.bytes));
}

/**
 * @param {string} octets one character for each byte
 * @returns {Key}
 */
function vkey(octets) {
  return parseKey(
    decodeUtf8(
      Uint8Array.from(octets, (char) => char.charCodeAt(0)),
      "a verifier key",
    ),
  );
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} one character for each byte
 */
function latin1(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
