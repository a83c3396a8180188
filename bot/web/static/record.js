// The customer's record in the card: fields changed in place, contacts, tags, notes, and the timeline.
import { el, icon } from "./dom.js";
import { clockTime, currentLanguage, dayKey, shortDate, t } from "./texts.js";

const panels = new Map();

/** The panel of a customer's number; the same one again, so that what is being written stays. */
export function recordPanel(number) {
  const key = `${number} ${currentLanguage()}`;
  if (!panels.has(key)) {
    panels.clear();
    panels.set(key, new Panel(number));
  }
  return panels.get(key);
}

/** Customers for a few words: [{number, name, about}]. */
export async function findCustomers(words) {
  const answer = await fetch(`/desk/customers?${new URLSearchParams({ words, language: currentLanguage() })}`);
  return answer.ok ? (await answer.json()).customers : [];
}

class Panel {
  constructor(number) {
    this.address = `/desk/customers/${number}`;
    this.node = el("div.record", { "aria-live": "polite" });
    this.card = null;
    this.editing = ""; // which place shows its form
    this.refused = "";
    this.timeline = [];
    this.older = null; // null: the timeline was not asked for yet
    this.load();
  }

  /** What the list knows by now: when a colleague has changed the tags, the record is read anew. */
  keepUp(tags) {
    if (this.card && !this.editing && tags.join() !== this.card.tags.join()) this.load();
  }

  async load(reveal = false) {
    const answer = await this._ask("", { reveal: reveal ? "1" : "" });
    if (answer?.ok) this.card = await answer.json();
    this.draw();
  }

  /** Answers "" when it was done, else why not. */
  async change(wanted) {
    const answer = await this._ask("", {}, { do: "add", text: "", contact: "", ...wanted });
    const said = answer ? await answer.json().catch(() => ({})) : {};
    if (answer?.ok) {
      this.card = said;
      this.editing = this.refused = "";
      if (this.older !== null) await this._events(true);
    } else {
      this.refused = said.refused || t("record.failed");
    }
    this.draw();
    if (!answer?.ok) this.node.querySelector("form input, form select, form textarea")?.focus();
  }

  async _ask(path, query, body = null) {
    const address = `${this.address}${path}?${new URLSearchParams({ ...query, language: currentLanguage() })}`;
    try {
      return await fetch(address, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    } catch (_) {
      return null; // the line says that the connection is lost
    }
  }

  async _events(anew) {
    const answer = await this._ask("/timeline", { before: anew ? "" : this.older || "" });
    if (!answer?.ok) return;
    const page = await answer.json();
    this.timeline = anew ? page.entries : [...this.timeline, ...page.entries];
    this.older = page.older;
  }

  // drawing

  draw() {
    if (!this.card) {
      this.node.replaceChildren();
      return;
    }
    this.node.replaceChildren(...[this._contacts(), this._fields(), this._more(), this._tags(), this._notes(), this._timeline()].filter(Boolean));
    this.node.querySelector("form [data-first]")?.focus();
  }

  _section(title, side, ...parts) {
    return el("section", {}, el("div.line", {}, el("h3", {}, title), side), ...parts);
  }

  _open(place) {
    this.editing = place;
    this.refused = "";
    this.draw();
  }

  _pencil(place, label) {
    const words = t("record.edit", { field: label });
    return el("button.pencil", { type: "button", "data-edit": place, "aria-label": words, title: words, onclick: () => this._open(place) }, icon("edit"));
  }

  _contacts() {
    const { contacts, hidden, revealed } = this.card;
    if (!contacts.length) return null;
    const show = hidden && !revealed ? el("button.press.plain", { type: "button", "data-reveal": true, onclick: () => this.load(true) }, t("record.show")) : null;
    const rows = contacts.map((one) => {
      if (this.editing === one.id) return this._contactForm(one);
      const marks = one.main ? el("span.quiet", {}, ` ${t("record.is_main")}`) : null;
      return el("div.line", {}, el("span", {}, icon(one.field === "further_name" ? "person" : "lock"), one.value, marks), this._pencil(one.id, one.label));
    });
    return this._section(t("record.contacts"), show, ...rows, hidden ? el("p.quiet", {}, t("record.looks")) : null);
  }

  _contactForm(one) {
    const act = (what) => () => this.change({ field: one.field, contact: one.id, do: what });
    const extra = [el("button.press.plain", { type: "button", onclick: act("remove") }, t("record.remove"))];
    if (!one.main && one.field !== "further_name") extra.push(el("button.press.plain", { type: "button", onclick: act("main") }, t("record.main")));
    const input = el("input", { value: one.text, placeholder: one.text ? "" : one.value, required: true });
    return this._form(one.label, input, (text) => this.change({ field: one.field, contact: one.id, do: "add", text }), extra);
  }

  _fields() {
    const rows = this.card.fields
      .filter((one) => one.value || this.editing === one.field)
      .map((one) => {
        if (this.editing === one.field) return this._fieldForm(one);
        return el("div.line", {}, el("span", {}, one.label), el("span", {}, one.value, this._pencil(one.field, one.label)));
      });
    const facts = [el("p.quiet", {}, this.card.stage), this.card.orders ? el("p.quiet", {}, this.card.orders) : null];
    return this._section(t("record.fields"), null, ...facts, ...rows);
  }

  _fieldForm(one) {
    const options = one.options.map(([value, label]) => el("option", { value, selected: value === one.text }, label || t("record.none")));
    const input = options.length ? el("select", {}, ...options) : el("input", { type: one.kind === "date" ? "date" : "text", value: one.text });
    return this._form(one.label, input, (text) => this.change({ field: one.field, do: text ? "set" : "empty", text }));
  }

  /** What is not on the record yet, to be added. */
  _more() {
    const kind = this.card.kinds.find((one) => this.editing === `add ${one.field}`);
    if (kind) {
      const input = kind.field === "address" ? el("textarea", { rows: 3, required: true }) : el("input", { required: true });
      return this._form(kind.label, input, (text) => this.change({ field: kind.field, text }));
    }
    const empty = this.card.fields.filter((one) => !one.value && this.editing !== one.field);
    const places = [...this.card.kinds.map((one) => [`add ${one.field}`, one.label]), ...empty.map((one) => [one.field, one.label])];
    const buttons = places.map(([place, label]) => el("button.press.plain", { type: "button", "data-add": place, onclick: () => this._open(place) }, `+ ${label}`));
    return el("details.more", {}, el("summary", {}, t("record.more")), el("div.tags", {}, ...buttons));
  }

  _tags() {
    const chips = this.card.tags.map((tag) => {
      const words = t("record.tag_remove", { tag });
      const gone = el("button.pencil", { type: "button", "aria-label": words, title: words, onclick: () => this.change({ field: "tag", do: "remove", text: tag }) }, icon("close"));
      return el("span.tag", {}, tag, gone);
    });
    const add = el("button.press.plain", { type: "button", "data-add": "tag", onclick: () => this._open("tag") }, `+ ${t("record.tag_add")}`);
    const form = this.editing === "tag" ? this._form(t("record.tag_add"), el("input", { maxlength: 200, required: true }), (text) => this.change({ field: "tag", text })) : null;
    return this._section(t("card.tags"), form ? null : add, el("div.tags", {}, ...chips), form);
  }

  _notes() {
    const rows = this.card.notes.map((note) => el("div.tried", {}, el("p", {}, el("b", {}, note.by || t("who.desk_bot")), el("span", {}, shortDate(note.at))), el("div.words", {}, note.text)));
    const add = el("button.press.plain", { type: "button", "data-add": "note", onclick: () => this._open("note") }, `+ ${t("record.note_add")}`);
    const form = this.editing === "note" ? this._form(t("record.note_add"), el("textarea", { rows: 3, required: true }), (text) => this.change({ field: "note", text })) : null;
    return this._section(t("record.notes"), form ? null : add, form, ...rows);
  }

  _timeline() {
    const more = async () => {
      await this._events(this.older === null);
      this.draw();
    };
    if (this.older === null) return this._section(t("record.timeline"), el("button.press.plain", { type: "button", "data-timeline": true, onclick: more }, t("record.show")));
    const rows = this.timeline.map((one) => el("li", {}, el("time", { datetime: one.at }, dayKey(one.at) === new Date().toDateString() ? clockTime(one.at) : shortDate(one.at)), el("span", {}, one.text)));
    const older = this.older ? el("button.press.plain", { type: "button", onclick: more }, t("record.older")) : null;
    return this._section(t("record.timeline"), null, el("ol.timeline", {}, ...rows), older);
  }

  /** One value with its buttons; Esc leaves it as it was. */
  _form(label, input, save, extra = []) {
    input.setAttribute("aria-label", label);
    input.setAttribute("data-first", "");
    const submit = (event) => {
      event.preventDefault();
      save(input.value.trim());
    };
    const leave = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this._open("");
    };
    return el(
      "form.edit",
      { onsubmit: submit, onkeydown: leave },
      el("label", {}, label, input),
      this.refused ? el("p.refused", { role: "alert" }, this.refused) : null,
      el("div.tags", {}, el("button.press.primary", { type: "submit" }, t("record.save")), el("button.press.plain", { type: "button", onclick: () => this._open("") }, t("record.leave")), ...extra),
    );
  }
}
