// Times, durations, names and money for people to read.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** The time of day of a moment, with its day where that is not today's. */
export function timeOf(moment) {
  const date = new Date(moment);
  const text = clock.format(date);
  return date.toDateString() === new Date().toDateString() ? text : `${day.format(date)}, ${text}`;
}

/** Milliseconds as a duration: "13 ms", "1.26 s", "3 min 20 s", "2 h 05 min". */
export function duration(milliseconds) {
  const rounded = Math.max(0, Math.round(milliseconds));
  if (rounded < 1000) return `${rounded} ms`;
  const seconds = rounded / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(Math.floor(seconds % 60))} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${pad(minutes % 60)} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Milliseconds as whole seconds and more, for what goes on changing. */
export function age(milliseconds) {
  return milliseconds < 60_000 ? `${Math.max(0, Math.floor(milliseconds / 1000))} s` : duration(milliseconds);
}

/** The first part of an id, which tells orders apart well enough on a list. */
export function shortId(id) {
  return id.slice(0, 8);
}

/** Minor units of a currency as money. */
export function money(minor, currency) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** "out_of_stock" as "out of stock". */
export function words(code) {
  return code.replaceAll("_", " ");
}

function pad(number) {
  return String(number).padStart(2, "0");
}
