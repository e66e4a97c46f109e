/* Keys for people who use the program all day. Single letters rest inside fields and where the user switched them off;
   ? lists what this page knows. Chords with Ctrl always work. */
(function () {
  "use strict";

  var GO_SECONDS = 1.5;
  var goUntil = 0;

  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }

  function first(selector) { return document.querySelector(selector); }

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
      !/^(checkbox|radio|button|submit)$/.test(target.type);
  }

  function press(element) {
    if (element) { element.click(); }
    return Boolean(element);
  }

  /* -- rows of a list ---------------------------------------------------------------------------------------- */

  function rows() { return all("[data-row]"); }

  function current() { return first("[data-row].is-current"); }

  function move(step) {
    var list = rows();
    if (!list.length) { return false; }
    var at = list.indexOf(current());
    var next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))];
    list.forEach(function (row) { row.classList.toggle("is-current", row === next); });
    next.scrollIntoView({ block: "nearest" });
    if (next.hasAttribute("data-row-opens") && list.indexOf(next) !== at) { return open(); }
    var link = next.querySelector("a");
    if (link) { link.focus({ preventScroll: true }); }
    return true;
  }

  function open() {
    var row = current();
    if (row) { location.href = row.getAttribute("data-row"); }
    return Boolean(row);
  }

  function select() {
    var row = current();
    return press(row && row.querySelector(".pick"));
  }

  function focusSearch() {
    var field = first("[data-search]");
    if (field) { field.focus(); field.select(); }
    return Boolean(field);
  }

  /* -- what each letter does: [words, action] ---------------------------------------------------------------- */

  var LETTERS = {
    "c": ["new order", function () { return press(first("[data-key-new]")); }],
    "/": ["search this list", focusSearch],
    "j": ["next row", function () { return move(1); }],
    "k": ["row before", function () { return move(-1); }],
    "x": ["select the row", select],
    "o": ["open the row", open],
    "[": ["newer", function () { return press(first("[data-newer]")); }],
    "]": ["older", function () { return press(first("[data-older]")); }],
    "?": ["this list", showKeys]
  };

  function go(letter) {
    goUntil = 0;
    return press(first('[data-go="' + letter + '"]'));
  }

  /* The button that Ctrl+Enter presses from now on. */
  function arm(button) {
    if (!button) { return; }
    all("[data-primary]").forEach(function (other) { other.removeAttribute("data-primary"); });
    all(".is-armed").forEach(function (other) { other.classList.remove("is-armed"); });
    button.setAttribute("data-primary", "");
    button.classList.add("is-armed");
  }

  /* Buttons name their own letter: <button data-key="a">. A link that leads to a field may say which button the words
     typed there are for: <a data-key="r" data-arms="decline">, so that a reason to decline never approves. */
  function own(letter) {
    var element = all("[data-key]").filter(function (one) { return one.getAttribute("data-key") === letter; })[0];
    if (!element || !element.hasAttribute("data-arms")) { return press(element); }
    arm(document.getElementById(element.getAttribute("data-arms")));
    first(element.hash).focus({ preventScroll: true });  // following the link would scroll the figures away
    return true;
  }

  function onLetter(letter) {
    if (goUntil > Date.now()) { return go(letter); }
    if (letter === "g") { goUntil = Date.now() + GO_SECONDS * 1000; return true; }
    return own(letter) || Boolean(LETTERS[letter]) && LETTERS[letter][1]();
  }

  /* -- help --------------------------------------------------------------------------------------------------- */

  function term(list, keys, words) {
    var dt = document.createElement("dt");
    keys.split(" ").forEach(function (key) {
      var kbd = document.createElement("kbd");
      kbd.textContent = key;
      dt.append(kbd, " ");
    });
    var dd = document.createElement("dd");
    dd.textContent = words;
    list.append(dt, dd);
  }

  function showKeys() {
    var help = document.createElement("dialog");
    var heading = document.createElement("h2");
    var list = document.createElement("dl");
    help.className = "key-help";
    heading.textContent = "Keys";
    list.className = "facts";
    term(list, "Ctrl ↵", "the page's main button");
    if (first("[data-key-find]")) { term(list, "Ctrl K", "find"); }
    all(".side [data-go]").forEach(function (link) {
      term(list, "g " + link.getAttribute("data-go"), link.firstElementChild.nextSibling.textContent.trim());
    });
    Object.keys(LETTERS).forEach(function (letter) { term(list, letter, LETTERS[letter][0]); });
    help.append(heading, list);
    document.body.append(help);
    help.addEventListener("close", function () { help.remove(); });
    help.addEventListener("click", function () { help.close(); });
    help.showModal();
    return true;
  }

  /* -- the opened item of an inbox is in sight ---------------------------------------------------------------- */

  var opened = first("[data-row-opens].is-current");
  var inbox = opened && opened.closest(".inbox");
  if (inbox) { inbox.scrollTop = opened.offsetTop - inbox.clientHeight / 2; }

  /* -- one listener -------------------------------------------------------------------------------------------- */

  function onChord(event) {
    if (event.key === "k") { return press(first("[data-key-find]")); }
    return event.key === "Enter" && send(event.target.form);
  }

  /* What somebody is typing goes where it was typed; only a form without any change leaves it to the page's button. */
  function send(form) {
    var main = all("[data-primary]").filter(function (button) { return form && button.form === form; })[0];
    return press(main || form && isChanged(form) && submitOf(form) || first("[data-primary]"));
  }

  function submitOf(form) {
    return Array.prototype.filter.call(form.elements, function (one) { return one.type === "submit"; })[0];
  }

  function isChanged(form) {
    return Array.prototype.some.call(form.elements, function (field) {
      if (field.type === "hidden" || field.type === "submit") { return false; }
      if (/^(checkbox|radio)$/.test(field.type)) { return field.checked !== field.defaultChecked; }
      if (field.tagName === "SELECT") {
        return field.selectedIndex !== Math.max(0, Array.prototype.findIndex.call(field.options, isDefault));
      }
      return field.value !== field.defaultValue;
    });
  }

  function isDefault(option) { return option.defaultSelected; }

  /* Where a bar has two verdicts, the one that was pressed last is the one that is meant. */
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest(".decide button[type=submit]");
    if (button) { arm(button); }
  });

  document.addEventListener("keydown", function (event) {
    var done = false;
    if (event.defaultPrevented || event.altKey) { return; }
    if (event.ctrlKey || event.metaKey) {
      done = onChord(event);
    } else if (event.key === "Escape" && isTyping(event.target)) {
      event.target.blur();
    } else if (!isTyping(event.target) && !document.body.hasAttribute("data-no-keys") && event.key.length === 1) {
      done = onLetter(event.key);
    }
    if (done) { event.preventDefault(); }
  });
}());
