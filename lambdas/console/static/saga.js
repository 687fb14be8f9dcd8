// What the events of a saga mean: the service that each belongs to, what kind of event it is, and what comes next.

const TECHNICAL_FAILURE = "Lambda Function Invocation Result - Failure";

/** The kinds of events: how each is drawn, and what it is called. */
export const KINDS = {
  done: { glyph: "✓", name: "Step done" },
  refused: { glyph: "✕", name: "Refused" },
  failed: { glyph: "!", name: "Gave up" },
  stopped: { glyph: "■", name: "Stopped from outside" },
  undone: { glyph: "↩", name: "Taken back" },
  told: { glyph: "✉", name: "Customer told" },
  next: { glyph: "…", name: "Under way" },
};

/** The services of a saga, in the order of its steps; the customer is told last. */
export function servicesOf(steps, moments) {
  const known = [...steps.map((step) => step.service), "notification"];
  return [...known, ...new Set(moments.map((moment) => moment.service).filter((service) => !known.includes(service)))];
}

/** The events of a story, each with its service, its kind and its place on the list; under way: what is waited for. */
export function momentsOf(story, steps) {
  const moments = story.events.map((event) => ({
    event,
    id: event.event_id,
    cause: event.causation_id,
    kind: kindOf(event, steps),
    service: serviceOf(event, steps),
    label: labelOf(event),
    note: noteOf(event, steps),
  }));
  const next = nextOf(moments, steps, story.state);
  return next ? [...moments, next] : moments;
}

/** A detail type as words: "StockReserved" is "Stock reserved". */
export function labelOf(event) {
  if (event.detail_type === TECHNICAL_FAILURE) return "Function gave up";
  const words = event.detail_type.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The function that made an event, by its name in the platform. */
export function functionOf(event, steps) {
  return stepThatGaveUp(event, steps)?.do ?? event.producer;
}

/** What an event is because of, in words. */
export function causeOf(event) {
  if (event.cause === null) return event.causation_id === null ? "the API" : "not on record";
  return event.cause === TECHNICAL_FAILURE ? "technical failure" : event.cause;
}

/** What made a saga turn back: the first event that was no success, or null. */
export function turningPoint(moments) {
  return moments.find((moment) => ["refused", "failed", "stopped"].includes(moment.kind)) ?? null;
}

function kindOf(event, steps) {
  if (event.failure) return "failed";
  const type = event.detail_type;
  if (steps.some((step) => step.succeeded === type)) return "done";
  if (steps.some((step) => step.failed === type)) return "refused";
  if (steps.some((step) => step.reversed === type)) return "undone";
  return serviceOf(event, steps) === "notification" ? "told" : "stopped";
}

function serviceOf(event, steps) {
  return stepThatGaveUp(event, steps)?.service ?? event.source.split(".").at(-1);
}

function stepThatGaveUp(event, steps) {
  return event.failure ? steps.find((step) => event.producer.endsWith(`-${step.service}-${step.do}`)) : undefined;
}

function noteOf(event, steps) {
  if (event.failure) return `${event.failure.attempts} attempts`;
  const reason = event.reason_code?.replaceAll("_", " ");
  return reason && kindOf(event, steps) === "refused" ? reason : functionOf(event, steps);
}

function nextOf(moments, steps, state) {
  const last = moments.at(-1);
  if (last === undefined || last.kind === "told") return null;
  const step = steps.findIndex((one) => one.service === last.service);
  const at = (service, note, back = false) => ({
    event: null, id: "next", cause: last.id, kind: "next", back, service, label: "Now under way", note,
  });
  if (state !== "open") return at("notification", "to be told");
  if (last.kind === "done" && step + 1 < steps.length) return at(steps[step + 1].service, steps[step + 1].do);
  if (last.kind === "undone" && step > 0) return at(steps[step - 1].service, steps[step - 1].undo, true);
  if (last.kind === "refused" || last.kind === "failed") return at(last.service, steps[step]?.undo ?? "", true);
  if (last.kind === "stopped") return at(steps.at(-1).service, steps.at(-1).undo, true);
  return null;
}
