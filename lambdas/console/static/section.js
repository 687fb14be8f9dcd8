// What is known of one section of a document. When its service is down, the last that was told stays, with its time.

/** Remembers a section over many answers. */
export class Section {
  constructor() {
    this.known = null;
    this.knownAt = null;
    this.status = null;
    this.since = null;
    this.function = null;
  }

  /** Takes in what an answer of the time `asOf` says of the section. */
  take(told, asOf) {
    const status = told?.status ?? "missing";
    if (status !== this.status) this.since = asOf;
    this.status = status;
    this.function = told?.function ?? null;
    if (status === "ok") {
      this.known = told;
      this.knownAt = told.as_of ?? asOf;
    } else if (status === "missing") {
      this.known = null;
    }
  }

  get down() {
    return this.status === "unavailable";
  }
}
