// The socket: comes back by itself, resumes past the cursor, and resends what was not acknowledged.

const SLOWEST = 20_000; // milliseconds between two attempts
const PATIENCE = 10_000; // an open line that does not acknowledge within this is asked again

/** Words that have not arrived for sure. They survive a reload; the same id sent twice is recorded once. */
export class Outbox {
  constructor(key) {
    this.key = `frontdesk.outbox.${key}`;
    this.entries = this._stored();
    this.known = new Set(this.entries.map((entry) => entry.frame.client_id));
    for (const entry of this.entries) entry.sentAt = 0;
  }
  _stored() {
    try {
      return JSON.parse(localStorage.getItem(this.key) || "[]");
    } catch (_) {
      return []; // Forbidden or unreadable storage: this page's memory has to do.
    }
  }
  /** The words came back as a message of the talk: what was said after them stands after it. */
  arrived(message) {
    const place = this.entries.findIndex((entry) => entry.frame.client_id === message.client_id);
    if (place < 0) return;
    const { thread } = this.entries[place].frame;
    for (const entry of this.entries.slice(place)) if (entry.frame.thread === thread && entry.after < message.order) entry.after = message.order;
    this.remove(message.client_id);
  }
  get waiting() {
    return this.entries.filter((entry) => entry.state === "waiting");
  }
  add(frame, extra = {}) {
    const entry = { frame, at: new Date().toISOString(), state: "waiting", sentAt: 0, ...extra };
    this.entries.push(entry);
    this.known.add(frame.client_id);
    this._keep();
    return entry;
  }
  find(clientId) {
    return this.entries.find((entry) => entry.frame.client_id === clientId);
  }
  settle(clientId, state, key = "") {
    const entry = this.find(clientId);
    if (!entry) return null;
    entry.state = state;
    entry.key = key;
    this._keep();
    return entry;
  }
  remove(clientId) {
    this.entries = this.entries.filter((entry) => entry.frame.client_id !== clientId);
    this._keep();
  }
  /** Another tab keeps its words in the same place: they stay. */
  _keep() {
    const others = this._stored().filter((entry) => !this.known.has(entry.frame.client_id));
    const own = this.entries.filter((entry) => entry.state !== "acked");
    try {
      localStorage.setItem(this.key, JSON.stringify([...others, ...own].slice(-200)));
    } catch (_) {
      // As above.
    }
  }
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only in a secure context: https, or localhost
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Line {
  /** handlers: hello() → frame, frame(frame), newest(entry) → order of the last message, state("open" | "lost" | "ended") */
  constructor(path, outbox, handlers) {
    this.path = path;
    this.outbox = outbox;
    this.handlers = handlers;
    this.socket = null;
    this.isOpen = false;
    this.attempts = 0;
    this.timer = 0;
    this.ended = false;
    addEventListener("online", () => this._soon(0));
    addEventListener("offline", () => this.socket && this.socket.close());
    setInterval(() => this._ask(), 2_500);
  }

  connect() {
    clearTimeout(this.timer);
    if (this.ended || this.socket) return;
    const socket = new WebSocket(new URL(this.path, location.href.replace(/^http/, "ws")));
    this.socket = socket;
    socket.onopen = () => {
      this.send(this.handlers.hello());
    };
    socket.onmessage = (event) => this._hear(JSON.parse(event.data));
    socket.onclose = (event) => this._closed(event.code);
  }

  send(frame) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Say or press: kept until acknowledged, sent at once when the line is open. */
  post(frame, extra) {
    const entry = this.outbox.add({ client_id: newId(), ...frame }, extra);
    this._sendEntry(entry);
    return entry;
  }

  again(entry) {
    entry.state = "waiting";
    this._sendEntry(entry);
  }

  _sendEntry(entry) {
    if (this.isOpen && this.send(entry.frame)) entry.sentAt = Date.now();
  }

  _hear(frame) {
    if (!this.isOpen && frame.type !== "bye") {
      this.isOpen = true;
      this.attempts = 0;
      this.handlers.state("open");
      for (const entry of this.outbox.waiting) this._sendEntry(entry);
    }
    if (frame.type === "ack") {
      const entry = this.outbox.settle(frame.client_id, "acked");
      if (entry) entry.after = this.handlers.newest(entry); // it stands there even if it never comes back
    }
    if (frame.type === "refused" && frame.client_id) this.outbox.settle(frame.client_id, "refused", frame.key);
    this.handlers.frame(frame);
  }

  _closed(code) {
    this.socket = null;
    this.isOpen = false;
    if (code === 4401) {
      this.ended = true;
      this.handlers.state("ended");
      return;
    }
    this.handlers.state("lost");
    const longest = Math.min(SLOWEST, 400 * 2 ** this.attempts);
    this.attempts += 1;
    this._soon(longest * (0.5 + Math.random() / 2));
  }

  _soon(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  _ask() {
    if (!this.isOpen) return;
    const now = Date.now();
    for (const entry of this.outbox.waiting) if (now - entry.sentAt > PATIENCE) this._sendEntry(entry);
  }
}
