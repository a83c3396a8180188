// The customer's page.
import { $, bell, el, Sheet } from "./dom.js";
import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Line, Outbox } from "./line.js";
import { listenForLogin } from "./login.js";
import { startLook } from "./look.js";
import { Talk, TalkView } from "./talk.js";
import { boot, currentLanguage, onLanguage, t } from "./texts.js";

const outbox = new Outbox(boot.key);
const talk = new Talk();
const banner = new Banner($("banner"));
const busy = new Set();
let standing = { owner: "bot", number: null, agent: "" };
let state = "connecting";

const view = new TalkView($("log"), {
  desk: false,
  busy,
  empty: firstVisit,
  onPress: (data, message) => {
    busy.add(message.id);
    line.post({ type: "press", data }, { press: message.id });
    show();
    $("words").focus();
  },
  onRemove: (entry) => {
    outbox.remove(entry.frame.client_id);
    show();
  },
  onEdit: (entry) => {
    outbox.remove(entry.frame.client_id);
    composer.text = entry.frame.text;
    composer.words.focus();
    show();
  },
});

const line = new Line("/chat/socket", outbox, {
  hello: () => ({ type: "hello", cursor: talk.cursor, language: currentLanguage() }),
  frame: hear,
  newest: () => talk.newest,
  state: (next) => {
    state = next;
    if (next === "ended") reloadOnce();
    show();
  },
});

const composer = new Composer({
  upload: "/chat/upload",
  onSend: (text, file) => {
    say(text, file);
  },
});

function say(text, file = null) {
  line.post({ type: "say", mode: "say", text, ...(file ? { attachment: file.ref } : {}) }, file ? { file: { kind: file.kind, file_name: file.file_name, size: file.size } } : {});
  show();
  view.toEnd();
}

function hear(frame) {
  if (frame.type === "messages") takeMessages(frame);
  if (frame.type === "standing") standing = frame;
  if (frame.type === "ack" || frame.type === "refused") settlePress(frame.client_id);
  show();
}

function takeMessages(frame) {
  const loaded = talk.loaded;
  const fresh = talk.take(frame);
  for (const message of frame.messages) {
    busy.delete(message.id);
    if (message.client_id) outbox.arrived(message);
  }
  if (fresh.some((message) => message.author === "bot")) busy.clear(); // a press that could not be answered may be tried again
  if (!loaded) return;
  for (const message of fresh) if (message.author !== "you") announce(message);
}

function announce(message) {
  const name = message.author === "bot" ? t("who.bot") : message.name;
  $("live").textContent = t("message.new", { name, text: message.text });
}

function settlePress(clientId) {
  const entry = outbox.find(clientId);
  if (entry?.press) {
    if (entry.state === "refused") busy.delete(entry.press);
    outbox.remove(clientId);
  }
}

/** The cookie may simply be too old; a second time in a row it is not kept at all. */
function reloadOnce() {
  try {
    if (sessionStorage.getItem("frontdesk.reloaded")) return;
    sessionStorage.setItem("frontdesk.reloaded", "1");
    location.reload();
  } catch (_) {
    // Then the sentence in the banner says what to do.
  }
}

function firstVisit() {
  const suggestions = (boot.suggestions || {})[currentLanguage()] || [];
  const pills = suggestions.map((title) => el("button.press", { type: "button", onclick: () => say(title) }, title));
  const draw = () => el("div.first", {}, el("span.mark", {}, bell()), el("h2", {}, t("chat.hello")), el("p", {}, t("chat.hello_more")), el("div.presses", {}, pills.length ? el("div", {}, ...pills) : null));
  return { key: "first", stamp: currentLanguage(), draw };
}

function show() {
  const pending = outbox.entries.filter((entry) => entry.frame.type === "say" && !talk.has(entry));
  banner.set(state, outbox.waiting.length, "line.no_cookie");
  if (talk.loaded || pending.length || state === "open") view.show(talk, pending, state === "open");
  showStanding();
}

function showStanding() {
  const name = boot.names[currentLanguage()] || Object.values(boot.names)[0];
  $("shop").textContent = name;
  document.querySelector(".logo").textContent = name[0];
  $("status").textContent = t(state === "open" ? "chat.status.bot" : "line.connecting");
  $("dot").classList.toggle("off", state !== "open");
  const ticket = standing.number !== null && standing.owner !== "bot";
  $("bar").hidden = !ticket;
  for (const button of document.querySelectorAll("[data-person]")) button.hidden = ticket;
  if (!ticket) return;
  $("bar-title").textContent = t("chat.ticket", { number: standing.number });
  $("bar-state").textContent = ` · ${t(`chat.ticket.${standing.owner}`)}`;
  $("bar-more").textContent = standing.owner === "agent" ? t("who.looks_after", { name: standing.agent }) : t("chat.ticket.queue_more");
}

startLook();
const sheet = new Sheet($("side"), $("more"));
for (const button of document.querySelectorAll("[data-person]")) button.addEventListener("click", () => (say("/agent"), $("words").focus()));
for (const button of document.querySelectorAll("[data-say]"))
  button.addEventListener("click", () => {
    sheet.close();
    say(button.dataset.say);
  });
onLanguage((language) => {
  line.send(line.handlers.hello());
  if (talk.messages.size) say(`/language ${language}`);
  show();
});
show();
line.connect();
listenForLogin();
if (matchMedia("(min-width: 800px)").matches) $("words").focus();
