// What the services know of an order: a card for each section. One whose service is down keeps what it said last.

import { element, setText } from "./dom.js";
import { money, timeOf, words } from "./format.js";
import { Section } from "./section.js";

const TITLES = { order: "Order", stock: "Stock", payment: "Payment", shipment: "Shipment", notices: "Notices" };
const STATES = {
  SUCCEEDED: "done", PLACED: "done", SENT: "done", FAILED: "refused", REJECTED: "refused", REVERSED: "undone", CANCELLED: "undone",
};

/** The cards of one order. */
export class Details {
  constructor() {
    this.node = element("div", { class: "cards" });
    this.cards = Object.fromEntries(Object.keys(TITLES).map((name) => [name, this.#make(name)]));
  }

  /** Whether one of the sections could not be had. */
  get down() {
    return Object.values(this.cards).some(({ section }) => section.down);
  }

  /** Takes in an answer, or that there was none. */
  take(poll) {
    for (const [name, card] of Object.entries(this.cards)) {
      const told = poll.trouble ? { status: "unavailable" } : poll.document?.sections[name];
      if (told) card.section.take(told, poll.trouble ? poll.failingSince : poll.asOf);
      this.#show(name, card);
    }
  }

  #make(name) {
    const status = element("span", { class: "chip" });
    const body = element("dl", { class: "facts" });
    const foot = element("p", { class: "as-of" });
    const node = element("section", { class: "card", "aria-labelledby": `card-${name}` },
      element("div", { class: "card-head" }, element("h4", { id: `card-${name}` }, TITLES[name]), status), body, foot);
    this.node.append(node);
    return { node, status, body, foot, section: new Section() };
  }

  #show(name, { node, status, body, foot, section }) {
    const known = section.known?.data;
    node.classList.toggle("down", section.down);
    const state = known && (known.state ?? (known.notices.every((notice) => notice.sent_at) ? "SENT" : "PENDING"));
    setText(status, section.down ? "unavailable" : known ? state.toLowerCase() : section.status ? "none" : "…");
    status.className = `chip ${section.down ? "down" : STATES[state] ?? (known ? "told" : "none")}`;
    const facts = known ? FACTS[name](known) : [];
    const text = JSON.stringify(facts);
    if (body.dataset.facts !== text) {
      body.dataset.facts = text;
      body.replaceChildren(...facts.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))));
    }
    if (!section.down) setText(foot, known ? `as of ${timeOf(section.knownAt)}` : "");
    else if (known) setText(foot, `Unavailable since ${timeOf(section.since)}. This is of ${timeOf(section.knownAt)}.`);
    else setText(foot, `Unavailable since ${timeOf(section.since)}.`);
  }
}

const FACTS = {
  order: (data) => [
    ["Customer", data.customer_id],
    ["Total", money(data.total, data.currency)],
    ...data.lines.map((line) => [line.sku, `${line.quantity} × ${money(line.unit_price, data.currency)}`]),
    ...(data.cancellation_requested ? [["Cancellation", "requested"]] : []),
    ...because(data),
  ],
  stock: (data) => [
    ...(data.lines.length ? data.lines.map((line) => [line.sku, `${line.quantity} reserved`]) : [["Reserved", "nothing"]]),
    ...because(data),
  ],
  payment: (data) => [
    ...(data.payment ? [["Amount", money(data.payment.amount, data.payment.currency)]] : []),
    ...(data.payment?.last4 ? [["Card", `ending in ${data.payment.last4}`]] : []),
    ...because(data),
  ],
  shipment: (data) => [
    ...(data.shipment ? [["Carrier", data.shipment.carrier], ["Tracking", data.shipment.tracking_code]] : []),
    ...because(data),
  ],
  notices: (data) => data.notices.flatMap((notice) => [
    ["About", words(notice.outcome ?? "the order")],
    ["Sent", notice.sent_at ? timeOf(notice.sent_at) : "not yet"],
    ["Attempts", String(notice.attempts)],
  ]),
};

function because(data) {
  return data.reason ? [["Because", words(data.reason.code)]] : [];
}
