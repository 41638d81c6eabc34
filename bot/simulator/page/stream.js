// The stream of what happens, as server-sent events; it comes back by itself and says how it is.

/** Listens for one person at a time. `does` has a function for each event name; `say(words, state)` tells of the link. */
export function streaming(does, say) {
  let source = null;
  let again = null;

  function listen(id) {
    source?.close();
    clearTimeout(again);
    say("Connecting…", "waiting");
    let known = false;
    const mine = (source = new EventSource(id ? `/stream?as=${encodeURIComponent(id)}` : "/stream"));
    for (const [name, act] of Object.entries(does)) {
      mine.addEventListener(name, (event) => {
        if (mine !== source || event.data === undefined) return;
        if (name === "snapshot") {
          known = true;
          say("Connected", "fine");
        }
        act(JSON.parse(event.data));
      });
    }
    // "error" is the server's name for a sentence and also the browser's for a broken connection; the latter has no data.
    mine.addEventListener("error", (event) => {
      if (event.data !== undefined || mine !== source) return;
      say("Connection lost, trying again…", "lost");
      if (mine.readyState !== EventSource.CLOSED) return;
      clearTimeout(again);
      // Closed for good means that the demo does not know this person: whoever it offers first will do.
      again = setTimeout(() => listen(known ? id : ""), 2000);
    });
  }
  return listen;
}
