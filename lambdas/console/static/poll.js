// Asks the console's functions again and again: with the entity tag of the last answer, less often while they fail,
// and not at all while nobody looks or the operator has paused.

const SLOWEST = 10_000;
const PATIENCE = 12_000;

/** A document that is kept up to date. It knows of when it is, and since when it could not be had. */
export class Poll {
  /**
   * @param path where the document is
   * @param interval returns how many milliseconds to wait after the document that it is given
   * @param onChange called whenever the document, its time or its trouble has changed
   * @param patience how many milliseconds an answer may take
   */
  constructor(path, interval, onChange, patience = PATIENCE) {
    this.path = path;
    this.interval = interval;
    this.onChange = onChange;
    this.patience = patience;
    this.document = null;
    this.asOf = null;
    this.failingSince = null;
    this.trouble = null;
    this.etag = null;
    this.running = false;
    this.failures = 0;
  }

  start() {
    this.running = true;
    this.#next(0);
  }

  stop() {
    this.running = false;
    clearTimeout(this.timer);
    this.request?.abort();
  }

  /** Asks at once, whatever was planned. */
  now() {
    if (this.running) this.#next(0);
  }

  #next(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const late = setTimeout(() => request.abort("late"), this.patience);
    try {
      const headers = this.etag ? { "if-none-match": this.etag } : {};
      const response = await fetch(this.path, { headers, signal: request.signal, cache: "no-store", credentials: "omit" });
      if (response.status !== 304) {
        if (!response.ok) throw new Error(`answers ${response.status}`);
        this.document = await response.json();
        this.etag = response.headers.get("etag");
      }
      this.asOf = response.headers.get("x-as-of");
      this.failingSince = this.trouble = null;
      this.failures = 0;
    } catch (error) {
      if (!this.running || request !== this.request) return;
      this.failures += 1;
      this.failingSince ??= new Date().toISOString();
      this.trouble = error.message?.startsWith("answers") ? error.message : "does not answer";
    } finally {
      clearTimeout(late);
    }
    if (!this.running || request !== this.request) return;
    this.onChange(this);
    const wait = this.interval(this.document);
    this.#next(this.failures ? Math.min(SLOWEST, wait * 2 ** Math.min(this.failures, 3)) : wait);
  }
}
