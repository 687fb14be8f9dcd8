// The list of orders: the open sagas and those that have ended lately, newest first, to walk through by the keyboard.

import { byId, element, setText } from "./dom.js";
import { age, duration, shortId, timeOf } from "./format.js";

/** The filters, each with the sagas that it shows. */
export const FILTERS = [
  { key: "all", shows: () => true },
  { key: "open", shows: (saga) => saga.state === "open" },
  { key: "stuck", shows: (saga) => saga.stuck },
  { key: "completed", shows: (saga) => saga.state === "completed" },
  { key: "reversed", shows: (saga) => saga.state === "reversed" },
];

const GLYPHS = { open: "…", stuck: "!", completed: "✓", reversed: "↩" };
const NAMES = { open: "open", stuck: "stuck", completed: "completed", reversed: "reversed" };

/** How a saga is shown: stuck is a kind of open that somebody has to see to. */
export function lookOf(saga) {
  return saga.stuck ? "stuck" : saga.state;
}

/** The list on the page. Calls `onChoose` with an order's id when the operator has moved to it, or opened it. */
export class List {
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.node = byId("sagas");
    this.rows = new Map();
    this.sagas = [];
    // A browser may keep what was chosen over a reload.
    this.filter = document.querySelector("[name=filter]:checked").value;
    this.chosen = null;
    this.node.addEventListener("keydown", (event) => this.#key(event));
    byId("filters").addEventListener("change", (event) => {
      this.filter = event.target.value;
      this.show(this.sagas, this.now ?? Date.now());
    });
  }

  /** Shows these sagas; `now` is the server's time, by which ages are told. */
  show(sagas, now) {
    this.sagas = sagas;
    for (const filter of FILTERS) {
      setText(byId(`count-${filter.key}`), String(sagas.filter(filter.shows).length));
    }
    const shown = sagas.filter(FILTERS.find((filter) => filter.key === this.filter).shows);
    const ids = new Set(shown.map((saga) => saga.saga_id));
    for (const [id, row] of this.rows) {
      if (!ids.has(id)) {
        row.node.remove();
        this.rows.delete(id);
      }
    }
    shown.forEach((saga, index) => {
      const row = this.rows.get(saga.saga_id) ?? this.#makeRow(saga.saga_id);
      this.#fill(row, saga, now);
      if (this.node.children[index] !== row.node) this.node.insertBefore(row.node, this.node.children[index] ?? null);
    });
    const empty = byId("list-empty");
    empty.hidden = shown.length > 0;
    setText(empty, sagas.length ? "No order is in this state." : "No order has been placed lately.");
    this.#mark();
  }

  /** Marks an order as the chosen one. */
  choose(id) {
    this.chosen = id;
    this.#mark();
  }

  #makeRow(id) {
    const parts = Object.fromEntries(["glyph", "id", "state", "when", "took"].map((name) => [name, element("span", { class: name })]));
    parts.glyph.setAttribute("aria-hidden", "true");
    const node = element("li", { role: "option", id: `saga-${id}`, class: "saga" },
      parts.glyph, element("span", { class: "who" }, parts.id, parts.when), element("span", { class: "how" }, parts.state, parts.took));
    setText(parts.id, shortId(id));
    node.title = id;
    node.addEventListener("click", () => this.#choose(id, true));
    const row = { node, parts };
    this.rows.set(id, row);
    return row;
  }

  #fill({ node, parts }, saga, now) {
    this.now = now;
    const look = lookOf(saga);
    node.className = `saga ${look}`;
    setText(parts.glyph, GLYPHS[look]);
    setText(parts.state, NAMES[look]);
    setText(parts.when, saga.started_at ? timeOf(saga.started_at) : "start not on record");
    const started = saga.started_at ? Date.parse(saga.started_at) : NaN;
    if (Number.isNaN(started)) setText(parts.took, "");
    else if (saga.ended_at) setText(parts.took, duration(Date.parse(saga.ended_at) - started));
    else setText(parts.took, `for ${age(now - started)}`);
  }

  #mark() {
    for (const [id, { node }] of this.rows) {
      const chosen = id === this.chosen;
      node.setAttribute("aria-selected", String(chosen));
      node.classList.toggle("chosen", chosen);
    }
    if (this.rows.has(this.chosen)) this.node.setAttribute("aria-activedescendant", `saga-${this.chosen}`);
    else this.node.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const ids = [...this.node.children].map((node) => node.id.slice("saga-".length));
    const at = ids.indexOf(this.chosen);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? ids.length - 1 : at - 1, Home: 0, End: ids.length - 1 }[event.key];
    if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      this.#choose(this.chosen, true);
    } else if (to !== undefined && ids.length) {
      event.preventDefault();
      this.#choose(ids[Math.max(0, Math.min(ids.length - 1, to))], false);
    }
  }

  #choose(id, open) {
    this.choose(id);
    this.rows.get(id)?.node.scrollIntoView({ block: "nearest" });
    this.onChoose(id, open);
  }
}

/** The value below which a share of the numbers lies, by the nearest rank; null without any. */
export function percentile(numbers, share) {
  if (!numbers.length) return null;
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
