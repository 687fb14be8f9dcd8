// One order: its saga as a picture, what the services know of it, and its log.

import { Details } from "./details.js";
import { byId, element, setText } from "./dom.js";
import { duration, timeOf } from "./format.js";
import { picture } from "./picture.js";
import { Poll } from "./poll.js";
import { causeOf, functionOf, KINDS, momentsOf } from "./saga.js";
import { Section } from "./section.js";

const FAST = 1_000;
const SLOW = 5_000;
/** What the services know is asked for less often: each of them has to answer. */
const DETAILS_FAST = 2_000;
const DETAILS_DOWN = 5_000;
const DETAILS_SLOW = 15_000;
/** The API itself waits no longer; the composer may take nearly as long for a service that does not answer. */
const DETAILS_PATIENCE = 30_000;
/** How long after a saga's end something may still follow: the word to the customer. */
const SETTLING = 20_000;

/** The pane with the chosen order. */
export class Order {
  constructor(announce) {
    this.announce = announce;
    this.body = byId("order-body");
    this.empty = byId("order-empty");
    this.steps = null;
    this.width = 0;
    new ResizeObserver((entries) => {
      const width = Math.floor(entries[0].contentRect.width);
      if (width !== this.width) {
        this.width = width;
        this.#draw(true);
      }
    }).observe(byId("order"));
  }

  /** Takes in the steps of the saga, without which no event means anything. */
  know(steps) {
    const first = this.steps === null;
    this.steps = steps;
    if (first) this.#draw(true);
  }

  /** Shows an order, or none. */
  open(id) {
    if (id === this.id) return;
    this.poll?.stop();
    this.detailsPoll?.stop();
    this.id = id;
    this.story = new Section();
    this.drawn = null;
    this.state = null;
    this.body.hidden = id === null;
    this.empty.hidden = id !== null;
    if (id === null) return;
    this.#build(id);
    this.poll = new Poll(`console/orders/${id}`, (document) => this.#interval(document), (poll) => this.#take(poll));
    this.poll.start();
    this.detailsPoll = new Poll(
      `console/orders/${id}/details`, () => this.#detailsInterval(), (poll) => this.details.take(poll), DETAILS_PATIENCE);
    this.detailsPoll.start();
  }

  pause(paused) {
    for (const poll of [this.poll, this.detailsPoll]) {
      if (paused) poll?.stop();
      else if (this.id) poll?.start();
    }
  }

  #settled() {
    const story = this.story.known?.story;
    return story !== undefined && story.state !== "open" && Date.now() - Date.parse(story.ended_at) >= SETTLING;
  }

  #interval(document) {
    return document && this.#settled() ? SLOW : FAST;
  }

  #detailsInterval() {
    if (this.details.down) return DETAILS_DOWN;
    return this.#settled() ? DETAILS_SLOW : DETAILS_FAST;
  }

  #build(id) {
    const part = (name, attributes = {}) => (this[name] = element("div", { class: name, ...attributes }));
    this.title = element("h2", { id: "order-title", class: "order-title", tabindex: "-1" }, "Order ", element("span", { class: "mono" }, id));
    this.chip = element("span", { class: "chip" });
    this.took = element("span", { class: "took" });
    this.trouble = element("p", { class: "trouble", hidden: true });
    this.details = new Details();
    // On a phone the rows are no rows to CSS; the roles keep the table one to a screen reader.
    this.log = element("tbody", { role: "rowgroup" });
    this.body.replaceChildren(
      element("header", { class: "order-head" }, this.title, element("p", { class: "order-state" }, this.chip, this.took)),
      this.trouble,
      element("section", { "aria-labelledby": "saga-title" },
        element("h3", { id: "saga-title" }, "Saga"), part("canvas"), legend()),
      element("section", { "aria-labelledby": "details-title" },
        element("h3", { id: "details-title" }, "What the services know"), this.details.node),
      element("section", { "aria-labelledby": "log-title" },
        element("h3", { id: "log-title" }, "Log"),
        element("div", { class: "log-box", tabindex: "0", role: "group", "aria-label": "Every event" },
          element("table", { class: "log", role: "table" },
            element("thead", { role: "rowgroup" }, element("tr", { role: "row" },
              ["Time", "Event", "Made by", "Because of", "Took"].map((name) => element("th", { scope: "col", role: "columnheader" }, name)))),
            this.log))));
  }

  #take(poll) {
    if (poll.document) this.story.take(poll.document.saga, poll.asOf);
    this.#tellTrouble(poll);
    this.#draw(false);
  }

  #tellTrouble(poll) {
    let said = "";
    if (poll.trouble) said = `The console ${poll.trouble} since ${timeOf(poll.failingSince)}.`;
    else if (this.story.down) said = `The saga log (${this.story.function}) is unavailable since ${timeOf(this.story.since)}.`;
    if (said && this.story.known) said += ` What you see is of ${timeOf(this.story.knownAt)}.`;
    this.trouble.hidden = !said;
    setText(this.trouble, said);
  }

  #draw(anew) {
    if (!this.id || !this.story.known) {
      if (this.id && this.story.status === "missing") setText(this.canvas, "Nothing is on record of this order yet.");
      return;
    }
    if (this.steps === null) return;
    const story = this.story.known.story;
    const text = JSON.stringify(story);
    if (!anew && text === this.drawn) return;
    this.drawn = text;
    this.chip.className = `chip ${story.state}`;
    setText(this.chip, story.state);
    setText(this.took, story.duration_ms === null ? `started ${timeOf(story.started_at)}` : `in ${duration(story.duration_ms)}, started ${timeOf(story.started_at)}`);
    this.canvas.replaceChildren(picture(story, this.steps, Math.max(280, this.canvas.clientWidth)));
    this.log.replaceChildren(...momentsOf(story, this.steps).filter((moment) => moment.event).map((moment) => this.#logged(moment)));
    if (this.state && this.state !== story.state) {
      this.announce(`The order is ${story.state}`);
      this.detailsPoll.now();
    }
    this.state = story.state;
  }

  #logged({ event, kind }) {
    const reason = event.failure
      ? `${event.failure.error}, ${event.failure.attempts} attempts`
      : event.reason_code?.replaceAll("_", " ");
    const name = event.failure ? "Technical failure" : event.detail_type;
    return element("tr", { class: kind, role: "row" },
      element("td", { class: "number", role: "cell" }, `+${duration(event.since_start_ms)}`),
      element("th", { scope: "row", role: "rowheader" }, element("span", { class: "glyph", "aria-hidden": "true" }, KINDS[kind].glyph), name, reason && element("span", { class: "reason" }, ` ${reason}`)),
      element("td", { class: "mono", role: "cell" }, functionOf(event, this.steps)),
      element("td", { role: "cell" }, causeOf(event)),
      element("td", { class: "number", role: "cell" }, event.since_cause_ms === null ? "" : duration(event.since_cause_ms)));
  }
}

function legend() {
  const shown = ["done", "refused", "failed", "undone", "next"];
  return element("ul", { class: "legend", "aria-label": "What the colours mean" }, shown.map((kind) =>
    element("li", { class: kind }, element("span", { class: "glyph", "aria-hidden": "true" }, KINDS[kind].glyph), KINDS[kind].name)));
}
