// Our own HTTP API: calls, refusals as problems (RFC 9457), and streams that survive a dropped connection.

const SILENCE = 40_000; // the server says something every 15 s
const TRIES = 8;

export class Problem extends Error {
  constructor(status, body = {}, wait = 0) {
    super(body.detail || "Something went wrong.");
    this.status = status;
    this.code = body.code || "";
    this.hint = body.hint || "";
    this.retryable = Boolean(body.retryable);
    this.resetsAt = Date.parse(body.resetsAt) || (wait ? Date.now() + wait * 1000 : 0);
  }
}

const gone = () => new Problem(0, { code: "offline", detail: "The connection is gone.", retryable: true });

export async function open(method, path, { body, headers, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { accept: "application/json", ...(body && { "content-type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal,
    });
  } catch (error) {
    throw error.name === "AbortError" ? error : gone();
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, said, Number(answer.headers.get("retry-after")) || 0);
}

export async function call(method, path, options) {
  const answer = await open(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

async function* frames(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", frame = { event: "message", id: "", data: [] }, timer, fail;
  // A connection that is gone often says nothing: the browser may know, or the silence tells.
  const broken = new Promise((_, refuse) => { fail = () => refuse(gone()); });
  broken.catch(() => {});
  addEventListener("offline", fail);
  try {
    for (;;) {
      clearTimeout(timer);
      timer = setTimeout(fail, SILENCE);
      const { value, done } = await Promise.race([reader.read(), broken]);
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        const [, name, text] = /^([^:]*):? ?(.*)$/.exec(line) || [];
        if (line === "") {
          if (frame.data.length) yield { ...frame, data: JSON.parse(frame.data.join("\n")) };
          frame = { event: "message", id: "", data: [] };
        } else if (name === "data") frame.data.push(text);
        else if (name === "event" || name === "id") frame[name] = text;
      }
    }
  } catch (error) {
    throw error instanceof Problem || error.name === "AbortError" ? error : gone();
  } finally {
    clearTimeout(timer);
    removeEventListener("offline", fail);
    reader.cancel().catch(() => {});
  }
}

// Until it is time to try again, or the browser says that it is online.
const pause = (tries, signal) => new Promise((resolve, refuse) => {
  const wait = Math.min(8000, 250 * 2 ** tries) * (0.75 + Math.random() / 2);
  const timer = setTimeout(over, wait);
  function over() {
    clearTimeout(timer);
    removeEventListener("online", over);
    signal.removeEventListener("abort", over);
    if (signal.aborted) refuse(signal.reason);
    else resolve();
  }
  addEventListener("online", over);
  signal.addEventListener("abort", over);
});

// A reply as it is written: {event, data}, the last being `done` or `error`. `begin()` opens the turn and is asked again
// (with the same idempotency key) only while nobody has told the reply's number; from then on `rest(number, after)` is.
export async function* follow(begin, rest, { reply = null, signal, waiting }) {
  let last = "", seen = -1, tries = 0;
  for (;;) {
    try {
      const answer = reply === null ? await begin() : await rest(reply, last);
      for await (const { event, data, id } of frames(answer)) {
        const number = Number(id.split(".")[1] || -1);
        if (id && number <= seen && event !== "error") continue;
        if (id) [last, seen] = [id, Math.max(number, seen)];
        if (tries) waiting(tries = 0);
        if (event === "message") reply = data.reply;
        yield { event, data };
        if (event === "done" || event === "error") return;
      }
    } catch (error) {
      const passing = error.code === "offline" || (reply !== null && error.status >= 500);
      if (!(error instanceof Problem) || !passing) throw error;
    }
    if (++tries > TRIES) throw gone();
    waiting(tries);
    await pause(tries, signal);
  }
}

export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
