/** The words of the log: kinds of entries, and what may stand in them. */

export const KINDS = words(`
  GATE CONSENT NOTICE LEASE RESULT SUPPRESSED OPT_OUT LEASE_CLOSE EXPORT ACCESS ERASURE RETENTION
  MODEL_LOAD POLICY_LOAD CONFIG CLOCK_ANOMALY RECOVERY KEY_ROTATION SUGGESTION
`);

/** All that a leaf may say beside its envelope: references, counts, times and digests. */
export const FIELDS = words(`
  call_ref subject_ref modality modalities purpose role decision rule_ids policy_digest consent_kind
  consent_index status version receipt_id at_us expires jurisdictions notice notice_version
  notice_sha256 language ask basis lease start_us end_us valid_us limit counts payload_commit reason
  outputs model sha256 model_digests profile config_digest software rules actor scope format items
  erasure_id epoch old_epoch key_id minimum size due back_us jump_us backup_id suggestion
`);

/**
 * @param {string} text
 * @returns {ReadonlySet<string>}
 */
function words(text) {
  return new Set(text.trim().split(/\s+/));
}
