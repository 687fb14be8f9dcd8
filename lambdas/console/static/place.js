// The dialog in which a test order is put together and placed.

import { byId, element, setText } from "./dom.js";

const FIELDS = ["basket", "card", "address"];

/** The dialog. Calls `onPlaced` with the id of an order that was placed. */
export class Place {
  constructor(onPlaced) {
    this.onPlaced = onPlaced;
    this.dialog = byId("place");
    this.form = byId("place-form");
    this.opener = byId("open-place");
    this.opener.addEventListener("click", () => {
      setText(byId("place-error"), "");
      this.dialog.showModal();
      byId("place-basket").focus();
    });
    byId("place-cancel").addEventListener("click", () => this.dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Takes in whether orders may be placed here, and what may be chosen. */
  allow(placing) {
    this.opener.disabled = !placing.allowed;
    this.opener.hidden = !placing.allowed;
    byId("no-placing").hidden = placing.allowed;
    if (!placing.allowed || this.filled) return;
    this.filled = true;
    for (const field of FIELDS) {
      const options = placing.choices[field].map(({ value, label }) => element("option", { value }, label));
      byId(`place-${field}`).replaceChildren(...options);
    }
  }

  async #submit() {
    const customer = byId("place-customer");
    if (!customer.checkValidity()) {
      setText(byId("place-error"), "Customer: expected letters, digits, hyphens and underscores, 64 at most.");
      customer.focus();
      return;
    }
    const chosen = Object.fromEntries(FIELDS.map((field) => [field, byId(`place-${field}`).value]));
    const body = { customer_id: customer.value, ...chosen, stock: byId("place-stock").checked };
    const text = JSON.stringify(body);
    // Asked again with the same choices after a failure, it is the same order.
    if (text !== this.asked) [this.asked, this.key] = [text, crypto.randomUUID()];
    const button = byId("place-submit");
    button.disabled = true;
    setText(byId("place-error"), "");
    try {
      const headers = { "content-type": "application/json", "x-console": "1", "idempotency-key": this.key };
      const response = await fetch("console/orders", { method: "POST", headers, body: text, credentials: "omit" });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail ?? `The console answers ${response.status}.`);
      this.asked = null;
      this.dialog.close();
      this.onPlaced(answer.order_id);
    } catch (error) {
      setText(byId("place-error"), error instanceof TypeError ? "The console does not answer. Try again." : error.message);
    } finally {
      button.disabled = false;
    }
  }
}
