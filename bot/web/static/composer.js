// The composer: one field, one file at a time, Enter sends and Shift+Enter begins a new line.
import { $, el, icon } from "./dom.js";
import { figure, boot, size, t } from "./texts.js";
import { refusal } from "./talk.js";

const LARGEST = 20 * 1024 * 1024;

export class Composer {
  /** onSend(text, file) returns false to keep what was written; onInput(text) after each change. */
  constructor({ upload, onSend, onInput = () => {} }) {
    this.form = $("composer");
    this.words = $("words");
    this.files = $("files");
    this.onSend = onSend;
    this.onInput = onInput;
    this.uploadTo = upload;
    this.file = null;
    this._listen();
  }

  _listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.words.addEventListener("input", () => {
      this.fit();
      this.onInput(this.words.value);
    });
    this.words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
    this.words.addEventListener("paste", (event) => this._take(event.clipboardData.files, event));
    $("attach").addEventListener("click", () => $("file").click());
    $("file").addEventListener("change", () => {
      this._take($("file").files);
      $("file").value = "";
    });
    const zone = this.form.closest(".talk");
    for (const kind of ["dragover", "dragleave", "drop"]) zone.addEventListener(kind, (event) => this._drag(kind, event));
  }

  _drag(kind, event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.form.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop") this._take(event.dataTransfer.files);
  }

  get text() {
    return this.words.value;
  }
  set text(value) {
    this.words.value = value;
    this.fit();
  }

  fit() {
    this.words.style.height = "auto";
    const height = this.words.scrollHeight; // 0 while the field is hidden
    if (height) this.words.style.height = `${height}px`;
  }

  submit() {
    const text = this.words.value.trim();
    if (this.file && !this.file.ref) return;
    if (!text && !this.file) {
      this.words.focus();
      return;
    }
    if ([...text].length > boot.longest) {
      this._say(refusal("too_long", { longest: figure(boot.longest) }));
      return;
    }
    if (this.onSend(text, this.file) === false) return;
    this.text = "";
    this.onInput("");
    this.clearFile();
    this.words.focus();
  }

  _say(sentence) {
    const line = el("div.upload.bad", { role: "alert" }, icon("warn"), sentence, el("button", { type: "button", "aria-label": t("close"), onclick: () => line.remove() }, icon("close")));
    this.files.replaceChildren(...[...this.files.children].filter((child) => !child.classList.contains("bad")), line);
  }

  // files

  clearFile() {
    if (this.file?.request) this.file.request.abort();
    this.file = null;
    this.files.replaceChildren();
  }

  _take(files, event) {
    if (!files || !files.length) return;
    if (event) event.preventDefault();
    this.clearFile();
    const [chosen] = files;
    if (chosen.size > LARGEST) this._say(refusal("file_too_large"));
    else this._upload(chosen);
  }

  _upload(chosen) {
    const progress = el("progress", { max: chosen.size || 1, value: 0, "aria-label": chosen.name });
    const done = el("span", {}, t("attach.sending", { done: size(0), total: size(chosen.size) }));
    const stop = el("button", { type: "button", onclick: () => this.clearFile() }, t("attach.stop"));
    const line = el("div.upload", {}, icon(chosen.type.startsWith("image/") ? "image" : "file"), el("span.name", {}, chosen.name), progress, done, stop);
    this.files.replaceChildren(line);
    const request = new XMLHttpRequest();
    const file = { request, ref: "", kind: "document", file_name: chosen.name, size: chosen.size };
    this.file = file;
    request.open("POST", this.uploadTo);
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      progress.value = event.loaded;
      done.textContent = t("attach.sending", { done: size(event.loaded), total: size(event.total) });
    };
    request.onload = () => this._uploaded(request, file, line);
    request.onerror = () => this._failed(file, "not_here");
    const body = new FormData();
    body.append("file", chosen);
    request.send(body);
  }

  _uploaded(request, file, line) {
    if (request.status !== 200 || !request.response?.ref) {
      this._failed(file, request.response?.key || "not_here");
      return;
    }
    Object.assign(file, request.response, { request: null });
    const remove = el("button", { type: "button", "aria-label": t("attach.remove", { name: file.file_name }), onclick: () => this.clearFile() }, icon("close"));
    line.replaceChildren(icon(file.kind === "photo" ? "image" : "file"), el("span.name", {}, file.file_name), el("span.quiet", {}, size(file.size)), remove);
  }

  _failed(file, key) {
    if (this.file !== file) return;
    this.file = null;
    this.files.replaceChildren();
    this._say(refusal(key));
  }
}
