// The console's page: keeps the list of orders up to date, shows the chosen one, and says when it cannot.

import { byId, setText } from "./dom.js";
import { duration, shortId, timeOf } from "./format.js";
import { List, lookOf, percentile } from "./list.js";
import { Order } from "./order.js";
import { Place } from "./place.js";
import { Poll } from "./poll.js";
import { Section } from "./section.js";

const INTERVAL = 2_000;
const ROUTE = /^#\/orders\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const sagas = new Section();
const looks = new Map();
const order = new Order(announce);
const list = new List(open);
const place = new Place((id) => {
  announce("Order placed");
  location.hash = `#/orders/${id}`;
  poll.now();
});
const poll = new Poll("console/orders", () => INTERVAL, take);
let paused = false;
let ahead = 0;

function take() {
  if (poll.document) {
    const { environment, steps, placing } = poll.document;
    setText(byId("environment"), environment);
    order.know(steps);
    place.allow(placing);
    sagas.take(poll.document.sagas, poll.asOf);
    if (poll.asOf && !poll.trouble) ahead = Date.parse(poll.asOf) - Date.now();
  }
  show();
  tellTrouble();
}

function show() {
  if (!sagas.known) return;
  const { open: opened, ended } = sagas.known;
  const all = [...opened, ...ended].sort((one, other) => (other.started_at ?? "").localeCompare(one.started_at ?? ""));
  list.show(all, Date.now() + ahead);
  const times = ended.filter((saga) => saga.started_at).map((saga) => Date.parse(saga.ended_at) - Date.parse(saga.started_at));
  for (const share of [50, 95, 99]) {
    const value = percentile(times, share / 100);
    setText(byId(`p${share}`), value === null ? "–" : duration(value));
  }
  setText(byId("latencies-of"), `Order to end, of the ${times.length} ended here`);
  const more = byId("list-more");
  more.hidden = !(sagas.known.more_open || sagas.known.more_ended);
  setText(more, "There are more than these. ./scripts/saga list shows them.");
  tellChanges(all);
}

/** Says for those who do not see it what has changed on the list. */
function tellChanges(all) {
  const changed = all.filter((saga) => looks.size && looks.get(saga.saga_id) !== lookOf(saga));
  for (const saga of all) looks.set(saga.saga_id, lookOf(saga));
  if (changed.length > 3) announce(`${changed.length} orders have changed`);
  else if (changed.length) announce(changed.map((saga) => `Order ${shortId(saga.saga_id)} is ${lookOf(saga)}`).join(". "));
}

function tellTrouble() {
  const notice = byId("notice");
  const live = byId("live");
  let said = "";
  if (poll.trouble) said = `The console ${poll.trouble} since ${timeOf(poll.failingSince)}.`;
  else if (sagas.down) said = `The saga log (${sagas.function}) is unavailable since ${timeOf(sagas.since)}.`;
  if (said && sagas.known) said += ` The list is of ${timeOf(sagas.knownAt)}.`;
  if (said && notice.textContent !== said) announce(said);
  notice.hidden = !said;
  setText(notice, said);
  live.className = `live ${said ? "down" : paused ? "paused" : "on"}`;
  setText(byId("live-text"), said ? "Not live" : paused ? "Paused" : "Live");
}

function announce(text) {
  setText(byId("announcer"), text);
}

function open(id, enter) {
  if (location.hash !== `#/orders/${id}`) history.replaceState(null, "", `#/orders/${id}`);
  // On a phone the order takes the list's place: moving through the list must not leave it.
  if (enter || !narrow.matches) route(enter);
}

function route(enter) {
  const id = ROUTE.exec(location.hash)?.[1] ?? null;
  list.choose(id);
  byId("panes").classList.toggle("has-order", id !== null);
  order.open(id);
  if (id === null) return;
  if (enter) byId("order-title").focus({ preventScroll: !narrow.matches });
}

function pause(on) {
  paused = on;
  const still = paused || document.hidden;
  if (still) poll.stop();
  else poll.start();
  order.pause(still);
  tellTrouble();
}

const narrow = matchMedia("(max-width: 860px)");
byId("pause").addEventListener("click", (event) => {
  const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(on));
  setText(event.currentTarget, on ? "Resume" : "Pause");
  pause(on);
});
// To the list itself: an address with a fragment of its own would close the order.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("sagas").focus();
});
byId("back").addEventListener("click", () => requestAnimationFrame(() => byId("sagas").focus()));
document.addEventListener("visibilitychange", () => pause(paused));
addEventListener("hashchange", () => route(true));
setInterval(() => {
  if (!document.hidden && !paused) show();
}, 1_000);
route(false);
poll.start();
