// The talk on an agent's page. The page brings the parts in a template; here is what they do.

import { call, follow, newKey, open, Problem } from "./api.js";
import { clean, markdown } from "./markdown.js";
import { choose, current, declined, forget, keep, keepAlive, kept, short, signIn, signOut } from "./wallet.js";

const root = document.getElementById("chat");
const { agent, chain, name, owner } = root.dataset;
root.append(document.getElementById("chat-parts").content.cloneNode(true));
const part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((each) => [each.dataset.part, each]));
const examples = document.getElementById("chat-examples");
const say = part.say;
const CONSENT = "dnft-consent";
const FEW = 5; // messages left, of which it is worth telling

let account = null; // CAIP-10
let conversation = null;
let terms = null; // what is agreed to: {version, text}
let agreed = null; // its version
let turn = null; // what is being said: {abort, reply}
let editing = null; // number of the message that is being written anew
let unsent = null; // what may or may not have arrived: {path, text, key}
let blocked = 0; // when talking goes on after a limit, ms
let earlier = null; // where the older messages begin
const lines = new Map(); // number → {item, message}

const make = (tag, props = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
};
const button = (text, action, className = "") => {
  const made = make("button", { type: "button", className }, text);
  made.addEventListener("click", action);
  return made;
};
const clock = (moment) => {
  const date = new Date(moment);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
};
const money = (micro) => `$${(micro / 1e6).toFixed(6)}`;
const api = (rest = "") => `/v1/conversations/${encodeURIComponent(conversation.id)}${rest}`;

// --- what is shown

function show() {
  const sealed = Boolean(conversation?.sealed);
  const open = account && (conversation || agreed);
  part.who.textContent = account ? `Signed in as ${short(account)}, ${role()}.` : "Talking needs a wallet, so that your words stay yours. It costs nothing.";
  part.who.title = account ? account.split(":").at(-1) : "";
  part.connect.hidden = Boolean(account);
  part.leave.hidden = part.mine.hidden = !account;
  part.consent.hidden = !account || Boolean(open);
  part.composer.hidden = sealed || (!open && !(say.value.trim() && !account));
  part.send.disabled = !account || Boolean(turn) || Date.now() < blocked;
  part.send.textContent = editing ? "Send anew" : "Send";
  part.stop.hidden = !turn;
  part.abandon.hidden = !editing;
  part.record.hidden = Boolean(conversation);
  part.apart.hidden = !conversation?.offRecord;
  part.sealed.hidden = !sealed;
  part.fresh.hidden = !conversation || Boolean(turn);
  part.earlier.hidden = !earlier;
  part.lines.hidden = !lines.size && !part.lines.children.length;
  examples.hidden = !part.lines.hidden;
  const order = [...lines.keys()].sort((a, b) => a - b);
  const last = (kind) => order.filter((number) => lines.get(number).message.role === kind).at(-1);
  for (const [number, { tools, message }] of lines) {
    const mine = message.role === "user";
    // Off the record nothing is kept that could be taken up again.
    tools.hidden = sealed || conversation?.offRecord || !account || Boolean(turn) || message.state === "streaming" || number !== last(message.role);
    tools.firstChild.textContent = mine ? "Edit" : message.state === "complete" ? "Ask again" : "Try again";
  }
}

function role() {
  if (conversation) return conversation.role;
  return owner && account.toLowerCase().endsWith(owner.toLowerCase()) ? "owner" : "guest";
}

function tell(text, ...actions) {
  part.notice.replaceChildren(...(text ? [make("p", {}, clean(text)), ...actions] : []));
}

// Every refusal in words, with what can be done about it.
function explain(error, again) {
  if (!(error instanceof Problem)) throw error;
  const retry = again ? [button("Try again", () => { tell(""); again(); })] : [];
  const back = error.resetsAt ? ` It goes on at ${clock(error.resetsAt)}.` : "";
  const said = `${error.message}${error.hint ? ` ${error.hint}` : ""}`;
  if (error.status === 401) {
    leave();
    tell("Your session has ended. Sign in again; what you wrote is still here.");
  } else if (error.code === "sealed") {
    conversation.sealed = true;
    tell("");
  } else if (error.code === "consent-needed") {
    agreed = terms = conversation = null;
    keep(CONSENT, null);
    prepare().catch((failed) => explain(failed, null));
  } else if (error.status === 402) tell(`The money set aside for talking is spent.${back || ` ${said}`}`);
  else if (error.status === 429) {
    blocked = error.resetsAt;
    if (blocked) setTimeout(() => { tell(""); show(); }, Math.min(blocked - Date.now() + 200, 2 ** 31 - 1));
    tell(`Enough for now: ${said}${back}`);
  } else if (error.code === "offline") tell("The connection is gone. What was said is kept.", ...retry);
  else if (error.status === 503 || error.status === 504) tell(`${name} can't answer right now: ${said} What you wrote is kept.`, ...retry);
  else tell(said, ...(error.retryable ? retry : []));
  show();
}

// --- lines of the talk

function line(message) {
  const mine = message.role === "user";
  const body = make("div", { className: "body", dir: "auto" });
  const asides = make("div", { className: "asides" });
  const fine = make("div", { className: "fine" });
  const tools = make("p", { className: "tools" }, button("", () => (mine ? edit(message) : again(message))));
  const item = make("li", { className: mine ? "yours" : "theirs" }, make("b", {}, mine ? "You" : name), asides, body, fine, tools);
  const made = { item, body, asides, fine, tools, message, text: message.content || "", said: 0, drawn: false };
  draw(made);
  note(made);
  return made;
}

function draw(each) {
  each.drawn = false;
  const waiting = each.message.state === "streaming" && !each.text;
  each.item.classList.toggle("waiting", waiting);
  if (each.message.role === "user") each.body.textContent = clean(each.text);
  else each.body.replaceChildren(waiting ? `${name} is thinking` : markdown(each.text));
}

// What spoke, why that, and what it cost.
function note({ fine, message }) {
  const { pool, model, reason, usage, state } = message;
  const facts = [];
  if (/offline.?voice/i.test(model || "")) facts.push(part.offline.content.cloneNode(true));
  else if (pool || model) facts.push(make("span", { className: "chip" }, clean([pool, model].filter(Boolean).join(" / "))));
  if (reason) facts.push(make("span", {}, clean(reason)));
  if (usage) facts.push(make("span", { title: "Cost of this reply in US dollars" }, money(usage.costMicro)));
  if (state === "cancelled") facts.push(make("span", {}, "stopped"));
  if (state === "failed") facts.push(make("span", {}, clean(message.error?.detail || "This reply broke off.")));
  if (message.createdAt) facts.push(make("time", { dateTime: message.createdAt }, clock(message.createdAt)));
  fine.replaceChildren(...facts);
}

function put(message) {
  const made = line(message);
  lines.get(message.number)?.item.remove();
  lines.set(message.number, made);
  const next = [...lines.keys()].filter((number) => number > message.number).sort((a, b) => a - b)[0];
  part.lines.insertBefore(made.item, next ? lines.get(next).item : null);
  return made;
}

function drop(number) {
  lines.get(number)?.item.remove();
  lines.delete(number);
}

function clear() {
  lines.clear();
  part.lines.replaceChildren();
  earlier = null;
}

// Screen readers hear whole sentences, not pieces of words.
function announce(each, finished) {
  const rest = each.text.slice(each.said);
  const end = finished ? rest.length : Math.max(...[...rest.matchAll(/[.!?…。！？]["”’)*_]*\s|\n/g)].map((found) => found.index + found[0].length), 0);
  const words = clean(rest.slice(0, end)).replace(/[*_`#]+/g, "").trim();
  each.said += end;
  if (words) part.aloud.append(make("p", {}, words));
  while (part.aloud.children.length > 40) part.aloud.firstChild.remove();
}

// --- a turn

// Reads a reply to its end. `replaced` are the numbers whose place it takes; `pending` is the line not yet numbered.
async function listen(begin, { reply = null, replaced = [], pending = null, text = "" }) {
  const abort = new AbortController();
  const mine = (turn = { abort, reply });
  let each = reply === null ? null : lines.get(reply);
  part.aloud.replaceChildren();
  const near = innerHeight + scrollY > root.offsetTop + root.offsetHeight - 200;
  tell("");
  show();
  const rest = (number, after) => open("GET", api(`/messages/${number}/events`), {
    headers: { accept: "text/event-stream", ...(after && { "last-event-id": after }) }, signal: abort.signal,
  });
  const waiting = (tries) => tell(tries ? "The connection is gone. Trying to go on …" : "");
  try {
    for await (const { event, data } of follow(begin, rest, { reply, signal: abort.signal, waiting })) {
      if (event === "message") {
        unsent = null;
        pending?.remove();
        replaced.forEach(drop);
        if (text) put({ number: data.user, role: "user", content: text, state: "complete", createdAt: new Date().toISOString() });
        each = put({ number: (turn.reply = data.reply), replyTo: data.user, role: "assistant", content: "", state: "streaming" });
        show();
        if (near) each.item.scrollIntoView({ block: "nearest" });
        if (turn.stopped) stop();
      } else if (event === "content") {
        each.text += data.text;
        announce(each, false);
        if (!each.drawn) {
          each.drawn = true;
          setTimeout(() => draw(each), 40);
        }
      } else if (event === "thinking") think(each, data.text);
      else if (event === "tool_call") tool(each, data);
      else if (event === "usage") {
        Object.assign(each.message, { usage: data, pool: data.pool, model: data.model, reason: data.reason });
        note(each);
      } else if (event === "done") each.message.state = data.state;
      else if (event === "error") {
        Object.assign(each?.message ?? {}, { state: "failed", error: data });
        throw new Problem(data.status || 500, data);
      }
    }
  } catch (error) {
    if (turn !== mine || error.name === "AbortError") return "left";
    turn = null;
    if (each?.message.state === "streaming") each.message.state = "failed";
    const { number } = each?.message ?? {};
    const resume = () => { each.text = ""; listen(null, { reply: number }); };
    explain(error, each && (error.code === "offline" ? resume : () => again(each.message)));
    return each ? "kept" : "refused";
  } finally {
    if (each) {
      draw(each);
      note(each);
      announce(each, true);
      setTimeout(() => turn ?? part.aloud.replaceChildren(), 8000);
    }
    if (turn === mine) turn = null;
    show();
  }
  allowance();
  return "kept";
}

// Sent again unchanged after a lost connection, a message keeps its key: it may have arrived.
const speak = (path, body) => {
  const text = body?.content;
  const key = unsent?.path === path && unsent.text === text ? unsent.key : newKey();
  unsent = { path, text, key };
  return () => open("POST", api(path), { body, headers: { accept: "text/event-stream", "idempotency-key": key } });
};

async function send() {
  const text = say.value.trim();
  if (!text || turn || part.send.disabled) return;
  const number = editing;
  editing = null;
  say.value = "";
  const pending = make("li", { className: "yours waiting" }, make("b", {}, "You"), make("div", { className: "body", dir: "auto" }, clean(text)));
  let outcome = "refused";
  try {
    if (number === null) part.lines.append(pending);
    turn = {};
    show();
    conversation ??= await call("POST", "/v1/conversations", { body: { agent, consent: terms.version, offRecord: part.off.checked } });
    const replaced = number === null ? [] : [number, ...answers(number)];
    const begin = number === null ? speak("/messages", { content: text }) : speak(`/messages/${number}/edit`, { content: text });
    outcome = await listen(begin, { pending, replaced, text });
  } catch (error) {
    turn = null;
    explain(error, send);
  } finally {
    pending.remove();
    if (outcome === "refused" && !say.value) {
      say.value = text;
      editing = number;
    }
    show();
    if (outcome === "kept" && !part.composer.hidden && document.activeElement === document.body) say.focus();
  }
}

const answers = (number) => [...lines.values()].filter(({ message }) => message.replyTo === number).map(({ message }) => message.number);

async function again(message) {
  if (turn) return;
  say.focus();
  await listen(speak(`/messages/${message.number}/regenerate`), { replaced: [message.number] });
}

function edit(message) {
  editing = message.number;
  say.value = lines.get(message.number).text;
  show();
  say.focus();
}

function abandon() {
  editing = null;
  say.value = "";
  show();
  say.focus();
}

async function stop() {
  if (!turn) return;
  turn.stopped = true;
  say.focus();
  if (!turn.reply) return; // once it has a number
  // The stream ends by itself when the server has stopped the reply: what came until then is what is kept.
  try {
    await call("POST", api(`/messages/${turn.reply}/cancel`));
  } catch (error) {
    explain(error, null);
  }
}

function aside(each, summary, className) {
  const text = make("pre", { tabIndex: 0 });
  each.asides.append(make("details", { className }, make("summary", {}, summary), text));
  return text;
}

function think(each, text) {
  each.thinking ??= aside(each, "Thinking", "thinking");
  each.thinking.append(clean(text));
}

function tool(each, { name: called, arguments: given }) {
  aside(each, `Looked up: ${clean(called).slice(0, 80)}`, "tool").append(clean(JSON.stringify(given, null, 1)).slice(0, 4000));
}

// --- coming and going

async function allowance() {
  part.left.textContent = "";
  if (!account) return;
  const { remaining, resetsAt } = await call("GET", `/v1/allowance?agent=${encodeURIComponent(agent)}`).catch(() => ({}));
  if (remaining?.messages <= FEW) part.left.textContent = `${remaining.messages} messages left${resetsAt ? ` until ${clock(resetsAt)}` : ""}.`;
}

// The last talk with this agent, or the one the address names; else what is agreed to before the first message.
async function prepare() {
  terms ??= await call("GET", "/v1/consent");
  part.terms.textContent = clean(terms.text);
  if (kept(CONSENT) === `${account} ${terms.version}`) agreed = terms.version;
  if (conversation) return show();
  const wanted = new URLSearchParams(location.search).get("conversation");
  const list = wanted ? null : await call("GET", `/v1/conversations?agent=${encodeURIComponent(agent)}&limit=10`);
  const found = wanted ? await call("GET", `/v1/conversations/${encodeURIComponent(wanted)}`) : list.items.find((each) => !each.sealed && !each.offRecord);
  if (found && found.agent === agent) {
    conversation = found;
    await load();
  }
  allowance();
  return show();
}

async function load(before) {
  const page = await call("GET", api(`/messages?limit=40${before ? `&before=${before}` : ""}`));
  earlier = page.before ?? null;
  const gone = new Set([...lines.values(), ...page.items.map((message) => ({ message }))].map(({ message }) => message.replaces).filter(Boolean));
  for (const message of page.items) {
    if (conversation.offRecord && message.state !== "streaming") message.content ||= "*Not kept: off the record.*";
    if (!gone.has(message.number) && !gone.has(message.replyTo)) put(message);
  }
  show();
  const open = page.items.find((message) => message.state === "streaming" && lines.has(message.number));
  if (open && !turn) {
    // All of it comes again, from the beginning.
    Object.assign(lines.get(open.number), { text: "" });
    listen(null, { reply: open.number });
  }
}

function leave() {
  forget();
  turn?.abort?.abort();
  turn = null;
  account = null;
  show();
}

async function connect() {
  tell("");
  await choose(part.wallets, async (wallet) => {
    if (!wallet) return tell("This browser has no wallet. Open this page in a browser that has one, or add one and load it again.");
    try {
      tell("Your wallet asks you to sign a message. It moves nothing and costs nothing.");
      const session = await signIn(wallet, chain);
      part.wallets.hidden = true;
      tell("");
      if (account !== session.account && part.lines.dataset.of !== session.account) {
        conversation = null;
        clear();
      }
      account = part.lines.dataset.of = session.account;
      await prepare();
      if (part.composer.hidden) part.consent.focus();
      else say.focus();
    } catch (error) {
      if (error instanceof Problem) explain(error, connect);
      else tell(declined(error) ? "You declined in the wallet. Nothing happened." : "The wallet did not sign. Try again, or choose another.");
    }
    return undefined;
  });
}

async function goodbye() {
  try {
    await signOut();
  } catch (error) {
    return explain(error, goodbye);
  }
  leave();
  conversation = agreed = editing = null;
  say.value = "";
  clear();
  tell("You are signed out.");
  show();
  return part.connect.focus();
}

part.connect.addEventListener("click", connect);
part.leave.addEventListener("click", goodbye);
part.stop.addEventListener("click", stop);
part.abandon.addEventListener("click", abandon);
part.earlier.addEventListener("click", () => load(earlier).catch((error) => explain(error)));
part.agree.addEventListener("click", () => {
  agreed = terms.version;
  keep(CONSENT, `${account} ${agreed}`);
  show();
  say.focus();
});
part.fresh.addEventListener("click", () => {
  conversation = editing = null;
  clear();
  tell("");
  show();
  (part.composer.hidden ? part.consent : say).focus();
});
part.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
say.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word; 229 is what some browsers say instead.
  if (event.key === "Escape" && editing !== null) abandon();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  send();
});

root.hidden = false;
show();
keepAlive(() => explain(new Problem(401), null));
current().then((session) => {
  if (!session) return undefined;
  account = part.lines.dataset.of = session.account;
  return prepare();
}).catch((error) => explain(error, () => location.reload()));
