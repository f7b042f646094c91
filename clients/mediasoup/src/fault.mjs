/** What is answered instead of what was asked: a status and one sentence. */
export class Fault extends Error {
  /** @param {number} status @param {string} problem */
  constructor(status, problem) {
    super(problem);
    this.status = status;
  }
}
