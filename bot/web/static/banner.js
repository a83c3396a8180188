// The sentence above the talk while the connection is away.
import { el, icon } from "./dom.js";
import { count, t } from "./texts.js";

const PATIENCE = 900; // a blink of the connection is not worth a sentence

export class Banner {
  constructor(node) {
    this.node = node;
    this.state = "connecting";
    this.timer = 0;
    this.shown = "";
    this.waiting = 0;
  }

  set(state, waiting, endedKey = "line.ended") {
    if (state === "lost" || state === "connecting") {
      this._wait(waiting);
      return;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    if (state === "open") this._show("");
    else if (state === "ended") this._show(endedKey, t(endedKey), "", el("button", { type: "button", onclick: () => location.reload() }, t("line.reload")));
  }

  _wait(waiting) {
    this.waiting = waiting;
    if (this.shown) this._lost();
    else if (!this.timer) this.timer = setTimeout(() => this._lost(), PATIENCE);
  }

  _lost() {
    const more = this.waiting ? count("line.waits", this.waiting) : t("line.lost_more");
    this._show("lost", t("line.lost"), more, null, "offline");
  }

  _show(key, title = "", more = "", extra = null, sign = "info") {
    this.shown = key;
    this.node.hidden = !key;
    this.node.replaceChildren(...(key ? [icon(sign), el("span", {}, el("b", {}, title), more), extra].filter(Boolean) : []));
  }
}
