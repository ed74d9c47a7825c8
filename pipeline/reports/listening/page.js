"use strict";
// The listening page: one audio element, one chapter's transcript at a time, and only the paragraph that is being read
// cut into words, so that a novel on a phone costs no more than a short story.
(() => {
  const $ = (id) => document.getElementById(id);
  const data = (id) => { const block = $(id); return block ? JSON.parse(block.textContent) : null; };
  const book = data("book"), verified = data("findings"), findings = verified || [];
  const audio = new Audio();
  audio.preload = "metadata";
  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds)), hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  };

  // What is remembered; a browser that forbids it only forgets.
  const recall = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { return; } };
  const place = `narrate:${book.id}`;
  let settings = { rate: 1, follow: true, takes: false, keys: true, ...recall("narrate:settings") };
  const set = (name, value) => { settings = { ...settings, [name]: value }; remember("narrate:settings", settings); };

  let chapter = null, following = settings.follow, pendingSeconds = null, scrubbing = false;

  // Reading a chapter's columns.
  const before = (sorted, value) => {  // how many of them are at or before the value
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= value) low = middle + 1; else high = middle;
    }
    return low;
  };
  const summed = (differences) => {
    const sums = new Int32Array(differences.length);
    let at = 0;
    differences.forEach((difference, index) => { at += difference; sums[index] = at; });
    return sums;
  };
  const loaded = (index) => {
    const read = data(`chapter-${index}`), { gap, length, start } = read.words;
    const from = new Int32Array(gap.length), to = new Int32Array(gap.length);
    let at = 0;
    gap.forEach((space, word) => { from[word] = at += space; to[word] = at += length[word]; });
    const takes = read.takes.start ? read.takes.start.map((_, row) =>
      Object.fromEntries(Object.entries(read.takes).map(([name, column]) => [name, column[row]]))) : [];
    const turnStarts = read.turns.map((turn) => turn[0]);
    const turnAt = (offset) => read.turns[Math.max(0, before(turnStarts, offset) - 1)];
    return { ...book.chapters[index], index, text: read.text, from, to, starts: summed(start), takes, turnAt,
      turns: read.turns, paragraphs: [], active: null, word: -1 };
  };

  // The transcript.
  const showText = () => {
    const text = $("text"), list = document.createDocumentFragment();
    const starts = chapter.takes.map((take) => take.char), own = findings.filter((row) => row[0] === chapter.index);
    const titled = chapter.text.trimStart().split("\n\n", 1)[0].trim() === chapter.title.trim();
    if (!titled) list.append(make("h2", { dir: "auto", textContent: chapter.title }));
    for (const match of chapter.text.matchAll(/[^]+?(?=\n\n|$)/g)) {
      const lead = match[0].length - match[0].trimStart().length;
      const start = match.index + lead, end = match.index + match[0].length;
      if (start >= end) continue;
      const first = before(chapter.from, start - 1), last = before(chapter.from, end - 1);
      const seconds = first < last ? chapter.starts[first] / 100 : null;
      const paragraph = { start, end, first, last, seconds, number: chapter.paragraphs.length };
      list.append(paragraphRow(paragraph, titled && !chapter.paragraphs.length, starts, own));
      chapter.paragraphs.push(paragraph);
    }
    chapter.paragraphStarts = chapter.paragraphs.map((each) => each.start);
    text.replaceChildren(list);
    text.classList.toggle("show-takes", settings.takes);
  };
  const paragraphRow = (paragraph, isTitle, starts, own) => {
    const turn = chapter.turnAt(paragraph.start);
    const element = make(isTitle ? "h2" : "p", { dir: "auto" });
    if (turn) element.lang = turn[2];
    element.textContent = chapter.text.slice(paragraph.start, paragraph.end);
    element.dataset.paragraph = paragraph.number;
    paragraph.element = element;
    const row = make("div", { className: "paragraph" });
    if (paragraph.seconds !== null) {
      const at = make("button", { className: "at", type: "button", textContent: clock(paragraph.seconds) });
      at.setAttribute("aria-label", `Play from ${clock(paragraph.seconds)}`);
      at.addEventListener("click", () => { seek(paragraph.seconds); play(); });
      row.append(at);
    } else row.append(make("span"));
    row.append(element);
    const marks = make("ul", { className: "marks" });
    for (let index = before(starts, paragraph.start - 1); starts[index] < paragraph.end; index += 1)
      marks.append(make("li", { className: "take", textContent: takeLine(chapter.takes[index]) }));
    for (const [, seconds, severity, kind, message] of own)
      if (seconds !== null && paragraphAt(seconds) === paragraph)
        marks.append(make("li", {}, make("span", { className: severity, textContent: `${severity}: ` }),
          `${kind.replaceAll("-", " ")} at ${clock(seconds)}: ${message}`));
    if (marks.childElementCount) row.append(marks);
    function paragraphAt(seconds) {
      const word = Math.max(0, before(chapter.starts, seconds * 100) - 1);
      return word >= paragraph.first && word < paragraph.last ? paragraph : null;
    }
    return row;
  };
  const takeLine = (take) => {
    const turn = chapter.turns[take.voice], cents = take.cents === null ? "" : ` · ${take.cents} cents`;
    const again = take.number ? ` · take ${take.number}` : "";
    return `${clock(take.start / 100)} take ${take.key}${turn ? ` · ${turn[1]}` : ""}${again}${cents}`;
  };
  const cutIntoWords = (paragraph) => {
    const parts = document.createDocumentFragment();
    let at = paragraph.start;
    for (let word = paragraph.first; word < paragraph.last; word += 1) {
      parts.append(chapter.text.slice(at, chapter.from[word]));
      const span = make("span", { textContent: chapter.text.slice(chapter.from[word], chapter.to[word]) });
      span.dataset.word = word;
      parts.append(span);
      at = chapter.to[word];
    }
    parts.append(chapter.text.slice(at, paragraph.end));
    paragraph.element.replaceChildren(parts);
    paragraph.spans = [...paragraph.element.children];
  };
  const joinWords = (paragraph) => {
    paragraph.element.textContent = chapter.text.slice(paragraph.start, paragraph.end);
    paragraph.spans = null;
  };
  const mark = (word) => {
    if (word === chapter.word) return;
    const old = chapter.active;
    if (old && chapter.word >= 0) {
      const span = old.spans[chapter.word - old.first];
      if (span) { span.classList.remove("now"); span.removeAttribute("aria-current"); }
    }
    chapter.word = word;
    const now = word < 0 ? null : chapter.paragraphs[before(chapter.paragraphStarts, chapter.from[word]) - 1];
    if (now !== old) {
      if (old) joinWords(old);
      if (now) cutIntoWords(now);
      chapter.active = now || null;
    }
    if (!now) return;
    const span = now.spans[word - now.first];
    span.classList.add("now");
    if (following) keepInView(span);
  };
  const keepInView = (span) => {
    const box = span.getBoundingClientRect(), bottom = $("player").getBoundingClientRect().top;
    if (box.top > 48 && box.bottom < bottom - 48) return;
    scrollTo({ top: scrollY + box.top - bottom * 0.35, behavior: calm.matches ? "auto" : "smooth" });
  };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const wordUnder = (event) => {
    const span = event.target.closest("[data-word]");
    if (span) return Number(span.dataset.word);
    const element = event.target.closest("[data-paragraph]");
    if (!element) return -1;
    const paragraph = chapter.paragraphs[element.dataset.paragraph];
    const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const range = caret ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
    const node = caret?.offsetNode ?? range?.startContainer, offset = caret?.offset ?? range?.startOffset;
    if (!node || !element.contains(node) || paragraph.spans) return paragraph.first;
    const word = before(chapter.from, paragraph.start + offset) - 1;
    return Math.min(Math.max(word, paragraph.first), paragraph.last - 1);
  };

  // Playing.
  const playable = (sources) => sources.find(([, type]) => audio.canPlayType(type)) || sources[0];
  const now = () => pendingSeconds ?? Math.max(0, audio.currentTime - chapter.offset);
  const open = (index, seconds = 0, { keep = false } = {}) => {
    const wasPlaying = !audio.paused && !audio.ended;
    chapter = loaded(index);
    const source = playable(chapter.sources);
    chapter.offset = source ? source[2] : 0;
    showText();
    document.querySelectorAll("nav button").forEach((button, number) => {
      if (number === index) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
    });
    $("title").textContent = chapter.title;
    document.title = `${chapter.title} – ${book.title}`;
    $("position").max = chapter.seconds;
    $("previous").disabled = index === 0;
    $("next").disabled = index === book.chapters.length - 1;
    showTakes();
    if (source && audio.getAttribute("src") !== source[0]) { audio.src = source[0]; audio.playbackRate = settings.rate; }
    tellSystem();
    seek(seconds);
    if (!keep) scrollTo({ top: Math.min(scrollY, $("text").offsetTop - 16) });
    if (wasPlaying) play();
  };
  const seek = (seconds) => {
    const to = Math.min(Math.max(0, seconds), Math.max(0, chapter.seconds - 0.05));
    if (audio.readyState > 0) { pendingSeconds = null; audio.currentTime = chapter.offset + to; }
    else pendingSeconds = to;
    following = settings.follow;
    paint();
    save();
  };
  const play = () => { audio.play().catch((error) => { if (error.name !== "AbortError") complain(error); }); };
  const complain = (error) => {
    if (error.name === "NotAllowedError") return;  // the browser waits for a click
    say(`${decodeURI(audio.getAttribute("src") || "")} cannot be played (${error.message})`);
  };
  const say = (words) => { $("trouble").textContent = words; $("trouble").hidden = !words; };
  const toggle = () => { if (audio.paused) play(); else audio.pause(); };
  const step = (seconds) => seek(now() + seconds);
  const goTo = (index, seconds = 0) => {
    if (index >= 0 && index < book.chapters.length) open(index, seconds);
  };
  const setRate = (rate) => {
    const rates = [...$("rate").options].map((option) => Number(option.value));
    const nearest = rates.reduce((best, each) => Math.abs(each - rate) < Math.abs(best - rate) ? each : best);
    audio.playbackRate = audio.defaultPlaybackRate = nearest;
    $("rate").value = String(nearest);
    set("rate", nearest);
  };
  const save = () => {
    const active = chapter.active ? chapter.active.number : null;
    remember(place, { chapter: chapter.slug, seconds: now(), paragraph: active, playing: !audio.paused,
      into: chapter.active?.seconds == null ? 0 : now() - chapter.active.seconds });
  };

  // Showing where it is.
  const paint = () => {
    const seconds = now();
    mark(before(chapter.starts, Math.round(seconds * 100)) - 1);
    if (!scrubbing) $("position").value = seconds;
    $("position").setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(chapter.seconds)}`);
    $("time").textContent = `${clock(seconds)} / ${clock(chapter.seconds)}`;
    drawWave(seconds);
  };
  const tick = () => {
    if (chapter.offset && now() >= chapter.seconds && chapter.index < book.chapters.length - 1)
      open(chapter.index + 1, 0, { keep: true });
    paint();
    if (!audio.paused) requestAnimationFrame(tick);
  };
  const canvas = $("wave");
  let colours = {}, drawn = "";
  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["wave", "accent", "line", "warning", "error"]) colours[name] = style.getPropertyValue(`--${name}`);
    drawn = "";
  };
  const drawWave = (seconds) => {
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    const bars = Math.max(1, Math.floor(width / 3)), played = Math.round(seconds / chapter.seconds * bars * 3);
    const key = `${chapter.index} ${width} ${height} ${played} ${settings.takes}`;
    if (key === drawn || !width) return;
    drawn = key;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const brush = canvas.getContext("2d");
    brush.scale(ratio, ratio);
    chapter.levels ??= Uint8Array.from(atob(chapter.wave), (letter) => letter.charCodeAt(0));
    for (let bar = 0; bar < bars; bar += 1) {
      const level = chapter.levels[Math.floor(bar / bars * chapter.levels.length)] || 0;
      const tall = Math.max(1, level / 255 * (height - 8));
      brush.fillStyle = bar * 3 < played ? colours.accent : colours.wave;
      brush.fillRect(bar * 3, (height - tall) / 2, 2, tall);
    }
    const x = (at) => at / chapter.seconds * width;
    brush.fillStyle = colours.line;
    if (settings.takes) for (const take of chapter.takes) brush.fillRect(x(take.start / 100), 0, 1, height);
    for (const [index, at, severity] of findings)
      if (index === chapter.index && at !== null) {
        brush.fillStyle = colours[severity] || colours.warning;
        brush.fillRect(x(at) - 1, 0, 3, 8);
      }
    brush.fillStyle = colours.accent;
    brush.fillRect(x(seconds), 0, 2, height);
  };
  const showPlaying = () => {
    $("play").textContent = audio.paused ? "Play" : "Pause";
    if (!audio.paused) requestAnimationFrame(tick);
    save();
  };

  // Lists beside the text.
  const row = (index, seconds, ...content) => {
    const button = make("button", { type: "button" }, ...content);
    button.addEventListener("click", () => {
      if (index !== chapter.index) open(index, seconds); else seek(seconds);
      play();
    });
    return make("li", {}, button);
  };
  const showTakes = () => {
    if (!$("takes").open) return;
    $("take-rows").replaceChildren(...chapter.takes.map((take, index) => {
      const until = chapter.takes[index + 1]?.char ?? chapter.text.length;
      const whole = chapter.text.slice(take.char, until).trim();
      const words = whole.length > 60 ? `${whole.slice(0, 60).replace(/\s+\S*$/u, "")} …` : whole;
      return row(chapter.index, take.start / 100, make("bdi", { textContent: words }),
        make("span", { className: "meta", textContent: takeLine(take) }));
    }));
  };
  const showFindings = () => {
    if (verified) $("findings-said").textContent = findings.length ? "" : "narrate verify found nothing.";
    $("findings-count").textContent = findings.length ? ` (${findings.length})` : "";
    $("finding-rows").replaceChildren(...findings.map(([index, seconds, severity, kind, message, text]) =>
      row(index ?? 0, seconds ?? 0, make("span", { className: severity, textContent: severity }),
        ` ${kind.replaceAll("-", " ")}: ${message}`, make("q", { dir: "auto", textContent: text || "", hidden: !text }),
        make("span", { className: "meta", textContent: index === null ? "the book"
          : `${book.chapters[index].title}${seconds === null ? "" : ` at ${clock(seconds)}`}` }))));
  };

  const tellSystem = () => {
    if (!navigator.mediaSession) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title: chapter.title, album: book.title, artist: book.author });
  };
  const systemKeys = { play, pause: () => audio.pause(), seekbackward: () => step(-10), seekforward: () => step(10),
    previoustrack: () => goTo(chapter.index - 1), nexttrack: () => goTo(chapter.index + 1) };

  const setFollow = (value) => {
    following = value;
    set("follow", value);
    $("follow").setAttribute("aria-pressed", String(value));
    if (value) { chapter.word = -2; paint(); }
  };
  const toggleTakes = () => {
    set("takes", !settings.takes);
    $("show-takes").setAttribute("aria-pressed", String(settings.takes));
    $("text").classList.toggle("show-takes", settings.takes);
    drawn = "";
    paint();
  };
  const keys = { " ": toggle, k: toggle, j: () => step(-10), l: () => step(10), ArrowLeft: () => step(-5),
    ArrowRight: () => step(5), "[": () => goTo(chapter.index - 1), "]": () => goTo(chapter.index + 1),
    "-": () => setRate(settings.rate - 0.25), "+": () => setRate(settings.rate + 0.25),
    f: () => setFollow(!settings.follow), t: toggleTakes };
  const onKey = (event) => {
    const onSlider = event.target === $("position") && ["ArrowLeft", "ArrowRight"].includes(event.key);
    if (!(settings.keys || onSlider) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const inside = event.target.closest?.("button, select, summary, input, a");
    const own = inside && (event.key === " " || inside.matches("input, select"));
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (own && !onSlider)) return;
    event.preventDefault();
    action();
  };

  const listen = () => {
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showPlaying);
    audio.addEventListener("loadedmetadata", () => { if (pendingSeconds !== null) seek(pendingSeconds); say(""); });
    audio.addEventListener("seeked", paint);
    audio.addEventListener("ended", () => {
      if (chapter.index < book.chapters.length - 1) { open(chapter.index + 1, 0, { keep: true }); play(); }
    });
    audio.addEventListener("error", () => { if (audio.error) complain(audio.error); });
    $("play").addEventListener("click", toggle);
    $("back").addEventListener("click", () => step(-10));
    $("forward").addEventListener("click", () => step(10));
    $("previous").addEventListener("click", () => goTo(chapter.index - 1));
    $("next").addEventListener("click", () => goTo(chapter.index + 1));
    $("rate").addEventListener("change", () => setRate(Number($("rate").value)));
    $("follow").addEventListener("click", () => setFollow(!settings.follow));
    $("show-takes").addEventListener("click", toggleTakes);
    $("keys-on").addEventListener("change", () => set("keys", $("keys-on").checked));
    $("takes").addEventListener("toggle", showTakes);
    $("position").addEventListener("input", () => { scrubbing = true; seek(Number($("position").value)); });
    $("position").addEventListener("change", () => { scrubbing = false; });
    document.querySelectorAll("nav button").forEach((button, index) =>
      button.addEventListener("click", () => goTo(index)));
    $("text").addEventListener("click", (event) => {
      if (getSelection().type === "Range") return;
      const word = wordUnder(event);
      if (word >= 0 && chapter.starts.length) { seek(chapter.starts[word] / 100); play(); }
    });
    for (const name of ["wheel", "touchmove"]) addEventListener(name, () => { following = false; }, { passive: true });
    addEventListener("keydown", onKey);
    addEventListener("resize", () => { drawn = ""; paint(); });
    addEventListener("pagehide", save);
    setInterval(() => { if (!audio.paused) save(); }, 5000);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); paint(); });
    for (const [name, action] of Object.entries(systemKeys)) navigator.mediaSession?.setActionHandler(name, action);
  };

  const start = () => {
    if (!book.chapters.length) return;
    const left = recall(place), found = left ? book.chapters.findIndex((each) => each.slug === left.chapter) : -1;
    readColours();
    listen();
    open(Math.max(0, found), found >= 0 ? left.seconds : 0, { keep: true });
    // after an edit the same paragraph may lie elsewhere in time
    const again = watched && found >= 0 ? chapter.paragraphs[left.paragraph] : null;
    if (again?.seconds != null) seek(again.seconds + left.into);
    setRate(settings.rate);
    $("follow").setAttribute("aria-pressed", String(settings.follow));
    $("show-takes").setAttribute("aria-pressed", String(settings.takes));
    $("keys-on").checked = settings.keys;
    showFindings();
    if (watched && left?.playing) play();
  };

  // Under `narrate preview`: what it says of the manuscript, and the page anew when there is one.
  const watched = document.documentElement.dataset.preview;
  const watch = () => {
    const events = new EventSource("/-/events");
    events.addEventListener("trouble", (event) => say(JSON.parse(event.data)));
    events.addEventListener("built", (event) => {
      if (event.data === watched) return;
      if (chapter) save();
      events.close();
      location.reload();
    });
  };

  start();
  if (watched) watch();
})();
