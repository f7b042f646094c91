// What must be kept to where something is allowed, in words; the names of the duties are those of the law files.
import { t } from "./words.js";

const said = {
  notice_at_first_exposure: t("people are told before anything is read"), audit_log: t("everything read stands in the log"),
  deletion_api: t("people can have it deleted"), no_media_persisted: t("no picture and no sound is stored"),
  consent_recorded: t("each consent is recorded"), toggle_per_modality: t("a switch for each of face, voice and words"),
  mid_call_opt_out: t("a way out at any moment of the call"), uncertainty_shown: t("uncertainty is shown"),
  dpia_ref: t("the impact assessment is on file"), aggregate_window_5min: t("groups are shown over five minutes and more"),
  dpia: t("a data protection impact assessment"), art35_dpia: t("a data protection impact assessment (GDPR Art. 35)"),
  art13_notice: t("information when data is collected (GDPR Art. 13)"), art30_record: t("a record of processing (GDPR Art. 30)"),
  art21_objection: t("the right to object (GDPR Art. 21)"), art9_2a_explicit_consent: t("explicit consent (GDPR Art. 9(2)(a))"),
  no_solely_automated: t("no decision by a machine alone (GDPR Art. 22)"), art50_3_notice: t("people are told that such a system is used (AI Act Art. 50(3))"),
  art9_rms: t("risk management (AI Act Art. 9)"), art10_data: t("data governance (AI Act Art. 10)"), art11_docs: t("technical documentation (AI Act Art. 11)"),
  art12_logs: t("logs kept by itself (AI Act Art. 12)"), art13_ifu: t("instructions for use (AI Act Art. 13)"),
  art14_oversight: t("human oversight (AI Act Art. 14)"), art15_tests: t("tests of accuracy and robustness (AI Act Art. 15)"),
  art26_6_logs_183d: t("logs kept for six months (AI Act Art. 26(6))"), art26_7_tell_workers: t("workers are told beforehand (AI Act Art. 26(7))"),
  art43_conformity: t("conformity assessment (AI Act Art. 43)"), art49_registration: t("registration in the EU database (AI Act Art. 49)"),
  art72_73_monitoring: t("monitoring after release, reports of incidents (AI Act Art. 72, 73)"),
  art9_9_minors: t("risks to people under 18 are weighed (AI Act Art. 9(9))"), works_council: t("the works council is involved"),
  mdr_check: t("it is checked whether this is a medical device"), worded_as_cue_not_diagnosis: t("worded as a cue, never as a diagnosis"),
  not_with_prosody: t("words are not mixed with how they sound"), legal_review_if_b2b: t("a legal review where the buyer sits at work"),
  never_to_hr: t("never passed to personnel systems"), visible_to_subject_only: t("seen by the person alone"),
  children_code_profiling_off_by_default: t("for children off until switched on (Children's Code)"), kr_high_impact_notice: t("people are told that AI of high impact is used"),
  written_release: t("a written release"), consent_in_writing: t("the guardian's consent in writing too"), guest_release_each_participant: t("a release of each guest of their own"),
  public_retention_policy: t("a public page on how long anything is kept"), public_biometric_policy: t("a public policy on biometric data"),
  no_sale: t("never sold"), no_reuse: t("used for nothing else"), destroy_max_365d: t("destroyed after 365 days at the latest"),
  destroy_on_purpose_end_max_730d: t("destroyed when the purpose is met, after 730 days at the latest"),
  destroy_on_purpose_end_max_1095d: t("destroyed when the purpose is met, after 1095 days at the latest"),
  all_party_recording_consent: t("consent of everybody before anything is recorded"), cpra_risk_assessment: t("a risk assessment (CPRA)"),
  mhmda_share_consent: t("a consent of its own before anything is shared (MHMDA)"), baa: t("a contract with every vendor (HIPAA)"),
  audit_log_2190d: t("the log is kept for six years (HIPAA)"), encrypt_transit_and_rest: t("encrypted on the way and at rest"),
  e2ee_break_disclosed: t("people are told where end-to-end encryption ends"), ferpa_contract: t("a contract with the school (FERPA)"),
  coppa_retention_policy: t("a written retention policy (COPPA)"), coppa_third_party_consent: t("a consent of its own before anything goes to others (COPPA)"),
};
const AHEAD = "recommended:";

/** A duty in words; one that binds later is recommended now. */
export function duty(name) {
  const bare = name.startsWith(AHEAD) ? name.slice(AHEAD.length) : name;
  const words = said[bare] ?? bare.replaceAll("_", " ");
  return bare === name ? words : t("recommended: {duty}", { duty: words });
}
