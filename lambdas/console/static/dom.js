// Makes and changes elements. Text is always text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Returns an element with attributes and children; children that are null or undefined are left out. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** Returns an SVG element, likewise. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** Returns the element of the page with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Sets an element's text, if it is another one: a text that stays moves nothing and is announced to nobody. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}
