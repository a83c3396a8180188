// The card beside a thread: what is known of the customer, or where a campaign stands. Facts only.
import { el, icon, initials } from "./dom.js";
import { recordPanel } from "./record.js";
import { channelWords } from "./threads.js";
import { count, currentLanguage, figure, known, percent, shortDate, t } from "./texts.js";

const ACTION_ICONS = { claim: "person", resolve: "check", handon: "on", snooze: "zz", reopen: "again", pause: "pause", resume: "arrow", report: "chart" };
export const actionIcon = (action) => ACTION_ICONS[action] || "arrow";

export function drawCard(node, thread, onAction) {
  const stamp = thread ? JSON.stringify([thread.id, thread.title, thread.card, thread.actions, currentLanguage()]) : "";
  if (node.dataset.stamp === stamp || node.querySelector("form.edit:focus-within")) return;
  node.dataset.stamp = stamp;
  if (!thread || thread.id === "home") {
    node.replaceChildren();
    return;
  }
  const parts = thread.group === "campaigns" ? campaign(thread) : customer(thread);
  node.replaceChildren(head(), title(thread), buttons(thread, onAction), ...parts.filter(Boolean));
}

/** A customer who was looked up, without a thread. */
export function drawCustomer(node, number, name) {
  const panel = recordPanel(number);
  const stamp = `customer ${number} ${currentLanguage()}`;
  if (node.dataset.stamp === stamp) return;
  node.dataset.stamp = stamp;
  const avatar = el("span.avatar.round", { "aria-hidden": "true" }, initials(name));
  node.replaceChildren(head(), el("div.person-head", {}, avatar, el("div", {}, el("h2", {}, name), el("p", {}, `#${number}`))), panel.node);
}

function head() {
  const close = el("button.square.bare", { type: "button", "data-close": true, "aria-label": t("close") }, icon("close"));
  return el("div.sheet-head", {}, el("span.grip.narrow", { "aria-hidden": "true" }), close);
}

function title(thread) {
  const avatar = el("span.avatar.round", { "aria-hidden": "true" }, thread.group === "campaigns" ? icon("horn") : initials(thread.title));
  const language = known(`card.language.${thread.language}`) ? t(`card.language.${thread.language}`) : "";
  const facts = [language, thread.card.since ? t("card.since", { date: shortDate(thread.card.since) }) : ""].filter(Boolean).join(" · ");
  return el("div.person-head", {}, avatar, el("div", {}, el("h2", {}, thread.card.name || thread.title), el("p", {}, facts)));
}

function buttons(thread, onAction) {
  const shown = thread.actions.filter((action) => known(`action.${action}`));
  return el("div.card-actions", {}, ...shown.map((action) => el("button", { type: "button", "data-action": action, onclick: () => onAction(action) }, icon(actionIcon(action)), t(`action.${action}`))));
}

function customer(thread) {
  const card = thread.card;
  if (!card.customer) return [tried(card), identities(thread), orders(card), tags(card), consent(card)];
  const panel = recordPanel(card.customer);
  panel.keepUp(card.tags);
  return [tried(card), identities(thread), panel.node, consent(card)];
}

function section(key, ...parts) {
  return el("section", {}, el("h3", {}, t(key)), ...parts);
}

function line(left, right, yes = false) {
  return el("div.line", {}, el("span", {}, ...[left].flat()), el(yes ? "span.yes" : "span", {}, right));
}

function tried(card) {
  if (!card.tried) return null;
  if (!card.tried.length) return section("card.tried", el("p", {}, t("card.tried_none")));
  return section("card.tried", ...card.tried.map(attempt));
}

function attempt(one) {
  const sure = one.confidence === null || one.confidence === undefined ? "" : t("message.sure", { percent: percent(one.confidence) });
  const decision = known(`card.decision.${one.decision}`) ? t(`card.decision.${one.decision}`) : one.decision;
  const words = decision[0].toUpperCase() + decision.slice(1);
  return el("div.tried", {}, el("p", {}, el("b", {}, one.title || words), el("span", {}, sure)), one.title ? el("p", {}, words) : null);
}

function identities(thread) {
  const rows = (thread.card.identities || []).map((one) => {
    const name = channelWords(one);
    const sign = icon(one.channel.startsWith("telegram") ? "plane" : "globe");
    return line([sign, name], one.here ? t("card.writes_here") : "");
  });
  return rows.length ? section("card.identities", ...rows) : null;
}

function orders(card) {
  if (!card.orders) return null;
  const { count: number, total } = card.orders;
  return section("card.orders", el("p", {}, number ? count("card.orders_sum", number, { total }) : t("card.orders_none")));
}

function tags(card) {
  if (!card.tags?.length) return null;
  return section("card.tags", el("div.tags", {}, ...card.tags.map((tag) => el("span.tag", {}, tag))));
}

function consent(card) {
  if (!card.consent?.length) return null;
  const rows = card.consent.map((one) => {
    const name = known(`card.consent.${one.purpose}`) ? t(`card.consent.${one.purpose}`) : one.purpose;
    const yes = one.since ? t("card.yes_since", { date: shortDate(one.since) }) : t("card.yes");
    return line(name, one.given ? yes : t("card.no"), one.given);
  });
  return section("card.consent", ...rows);
}

function campaign(thread) {
  const counts = Object.entries(thread.card.counts || {}).filter(([, number]) => number > 0);
  if (!counts.length) return [section("card.counts", el("p", {}, t("card.counts_none")))];
  return [section("card.counts", ...counts.map(([name, number]) => line(known(`count.${name}`) ? t(`count.${name}`) : name, figure(number))))];
}
