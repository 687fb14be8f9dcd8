// Draws one saga: a column for each service, a row for each event, an arrow from each event to what it caused. Going
// forward leads to the right, taking back leads to the left.

import { svg } from "./dom.js";
import { duration } from "./format.js";
import { KINDS, momentsOf, servicesOf, turningPoint } from "./saga.js";

const WIDE = { gutter: 72, row: 66, top: 40, node: 44, minimum: 128, maximum: 200, gap: 14 };
const NARROW = { row: 52, top: 30, radius: 10, column: 23, left: 12 };
/** Pixels that a character takes, about: of a label, and of a note. */
const LETTER = { label: 7.2, note: 6.1 };

/** Returns the picture of a story for a width in pixels. */
export function picture(story, steps, width) {
  const moments = momentsOf(story, steps);
  const services = servicesOf(steps, moments);
  const column = Math.min(WIDE.maximum, (width - WIDE.gutter) / services.length);
  const draw = column >= WIDE.minimum ? wide : narrow;
  return draw(moments, services, width, column, summary(story, moments));
}

/** Says in a sentence what the picture shows. */
function summary(story, moments) {
  const turn = turningPoint(moments);
  const because = turn ? ` It turned back at ${turn.service}: ${turn.label.toLowerCase()}, ${turn.note}.` : "";
  const took = story.duration_ms === null ? "" : ` after ${duration(story.duration_ms)}`;
  return `Saga ${story.state}${took}, ${story.events.length} events.${because} The log below has each of them.`;
}

function wide(moments, services, width, column, title) {
  const height = WIDE.top + moments.length * WIDE.row + 8;
  const total = WIDE.gutter + services.length * column;
  const places = new Map();
  moments.forEach((moment, index) => {
    const x = WIDE.gutter + (services.indexOf(moment.service) + 0.5) * column;
    places.set(moment.id, { x, y: WIDE.top + (index + 0.5) * WIDE.row, half: (column - WIDE.gap) / 2, moment });
  });
  const lanes = services.map((service, index) => {
    const x = WIDE.gutter + (index + 0.5) * column;
    return svg("g", {},
      svg("line", { class: "lane", x1: x, x2: x, y1: WIDE.top - 8, y2: height - 8 }),
      svg("text", { class: "lane-name", x, y: 20, "text-anchor": "middle" }, nameOf(service)));
  });
  const arrows = moments.map((moment) => wideArrow(places.get(moment.cause), places.get(moment.id)));
  const nodes = moments.map((moment) => wideNode(places.get(moment.id)));
  return frame(total, height, title, [...lanes, ...arrows, ...nodes]);
}

function wideNode({ x, y, half, moment }) {
  const room = half * 2 - 39;
  const lines = linesOf(shortened(moment.label), Math.floor(room / LETTER.label));
  const single = lines.length === 1;
  return svg("g", { class: classOf("node", moment) },
    moment.event && svg("text", { class: "time", x: WIDE.gutter - 10, y: y + 4, "text-anchor": "end" }, sinceStart(moment)),
    svg("rect", { class: "box", x: x - half, y: y - WIDE.node / 2, width: half * 2, height: WIDE.node, rx: 10 }),
    badge(x - half + 18, y, 10, moment),
    svg("text", { class: "label", x: x - half + 35, y: y - (single ? 3 : 4) }, lines[0]),
    svg("text", { class: single ? "note" : "label", x: x - half + 35, y: y + 13 }, single ? cut(moment.note, room) : lines[1]));
}

function wideArrow(from, to) {
  if (!from) return null;
  const forward = to.x > from.x;
  const top = to.y - WIDE.node / 2 - 3;
  const side = from.x + (forward ? from.half : -from.half);
  const path = to.x === from.x
    ? `M${from.x} ${from.y + WIDE.node / 2} V${top}`
    : `M${side} ${from.y} H${to.x + (forward ? -12 : 12)} Q${to.x} ${from.y} ${to.x} ${from.y + 12} V${top}`;
  const between = to.moment.event?.since_cause_ms;
  const label = Number.isFinite(between)
    ? svg("text", { class: "between", x: to.x + 8, y: top - 5 }, duration(between))
    : null;
  return svg("g", { class: classOf("arrow", to.moment) },
    svg("path", { d: path }), head(to.x, top + 1), label);
}

function narrow(moments, services, width, _column, title) {
  const height = NARROW.top + moments.length * NARROW.row;
  const step = NARROW.column;
  const text = NARROW.left + (services.length - 0.25) * step;
  const places = new Map();
  moments.forEach((moment, index) => {
    const x = NARROW.left + services.indexOf(moment.service) * step;
    places.set(moment.id, { x, y: NARROW.top + (index + 0.5) * NARROW.row, moment });
  });
  const lanes = services.map((service, index) => {
    const x = NARROW.left + index * step;
    return svg("g", {},
      svg("line", { class: "lane", x1: x, x2: x, y1: NARROW.top, y2: height - 4 }),
      svg("text", { class: "lane-name", x, y: 16, "text-anchor": "middle" }, nameOf(service).charAt(0)));
  });
  const arrows = moments.map((moment) => narrowArrow(places.get(moment.cause), places.get(moment.id)));
  const nodes = moments.map((moment) => {
    const { x, y } = places.get(moment.id);
    const when = moment.event ? `${sinceStart(moment)} · ` : "";
    return svg("g", { class: classOf("node", moment) },
      badge(x, y, NARROW.radius, moment),
      svg("text", { class: "label", x: text, y: y - 3 }, moment.label),
      svg("text", { class: "note", x: text, y: y + 14 }, cut(when + moment.note, width - text)));
  });
  return frame(width, height, title, [...lanes, ...arrows, ...nodes]);
}

function narrowArrow(from, to) {
  if (!from) return null;
  const top = to.y - NARROW.radius - 3;
  const bottom = from.y + NARROW.radius;
  const middle = (top + bottom) / 2;
  const path = `M${from.x} ${bottom} C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${top}`;
  return svg("g", { class: classOf("arrow", to.moment) }, svg("path", { d: path }), head(to.x, top + 1));
}

function frame(width, height, title, parts) {
  return svg("svg", { class: "picture", role: "img", "aria-label": title, viewBox: `0 0 ${width} ${height}`, width, height }, parts);
}

function badge(x, y, radius, moment) {
  return svg("g", { class: "badge" },
    svg("circle", { cx: x, cy: y, r: radius }),
    svg("text", { x, y: y + 4, "text-anchor": "middle" }, KINDS[moment.kind].glyph));
}

function head(x, y) {
  return svg("path", { class: "head", d: `M${x - 4} ${y - 6} L${x} ${y} L${x + 4} ${y - 6}` });
}

function classOf(what, moment) {
  return `${what} ${moment.kind}${moment.back || moment.kind === "undone" ? " undoing" : ""}`;
}

function sinceStart(moment) {
  return `+${duration(moment.event.since_start_ms)}`;
}

function nameOf(service) {
  const name = { notification: "customer", saga_log: "deadline" }[service] ?? service;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A label without the noun that its column says anyway: "Stock reserved" is "Reserved". */
function shortened(label) {
  const rest = label.split(" ").slice(1).join(" ");
  return rest ? rest.charAt(0).toUpperCase() + rest.slice(1) : label;
}

/** A note as far as there is room for it. */
function cut(note, room) {
  const most = Math.floor(room / LETTER.note);
  return note.length <= most ? note : `${note.slice(0, most - 1)}…`;
}

/** A text in one line or two of at most so many characters; a word too long for a line is left as it is. */
function linesOf(text, most) {
  if (text.length <= most) return [text];
  const words = text.split(" ");
  let first = words.shift();
  while (words.length > 1 && `${first} ${words[0]}`.length <= most) first += ` ${words.shift()}`;
  return words.length ? [first, words.join(" ")] : [first];
}
