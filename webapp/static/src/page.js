/* What every page does with JavaScript; without it each form posts and each link leads to a page all the same.

   The token of forms goes along with htmx's requests; errors that no page answered show a banner; focus and
   announcements follow a swap; messages leave by themselves; the end of the session is told before it comes. */
(function () {
  "use strict";

  var WARN_SECONDS = 120;
  var TOAST_SECONDS = 8;

  function meta(name) {
    var found = document.querySelector('meta[name="' + name + '"]');
    return found ? found.content : "";
  }

  function el(id) { return document.getElementById(id); }

  function make(tag, className, text) {
    var made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  /* -- requests of htmx ---------------------------------------------------------------------------------- */

  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
  });

  document.addEventListener("htmx:beforeRequest", hideBanner);

  /* Why an earlier try was refused no longer matters when a later one is done. */
  document.addEventListener("htmx:afterRequest", function (event) {
    var notice = el("notice"), detail = event.detail;
    if (notice && detail.requestConfig.verb !== "get" && detail.xhr.status && detail.xhr.status < 400) {
      notice.replaceChildren();
    }
  });

  /* An answer of 5xx that names its place is ours and says what is the matter; others come from in between. */
  document.addEventListener("htmx:beforeSwap", function (event) {
    var xhr = event.detail.xhr;
    if (xhr.status >= 500 && xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  document.addEventListener("htmx:responseError", function (event) {
    showBanner("The server could not answer (" + event.detail.xhr.status + "). Nothing is lost here; try again.");
  });
  document.addEventListener("htmx:sendError", function () {
    showBanner("The server cannot be reached. What you typed is still here; try again when the network is back.");
  });
  document.addEventListener("htmx:timeout", function () {
    showBanner("The server took too long. It may have done the work: load the page again before you repeat it.");
  });

  function showBanner(sentence) {
    var banner = el("banner");
    banner.textContent = sentence;
    banner.hidden = false;
  }

  function hideBanner() { el("banner").hidden = true; }

  /* -- after a swap: focus and announcements --------------------------------------------------------------- */

  /* A refusal beside the page that is about one field marks it and leads there. */
  function fieldAbout(root) {
    var said = root.id === "notice" && root.querySelector("[data-about]");
    var field = said && el(said.getAttribute("data-about"));
    return field && field.form && field.offsetParent ? field : null;
  }

  function mark(field) {
    field.classList.add("is-invalid");
    field.setAttribute("aria-invalid", "true");
    field.addEventListener("input", function () {
      field.classList.remove("is-invalid");
      field.removeAttribute("aria-invalid");
    }, { once: true });
    field.focus();
  }

  document.addEventListener("htmx:afterSettle", function (event) {
    var root = event.detail.elt, about;
    if (!root || !root.querySelector) { return; }
    about = fieldAbout(root);
    if (about) { mark(about); return; }
    var first = (root.matches("[data-error-summary]") ? root : null) || root.querySelector("[data-error-summary]") ||
      (root.id === "notice" && root.firstElementChild ? root : null) || root.querySelector("[data-focus]");
    if (first) {
      first.focus({ preventScroll: true });
      first.scrollIntoView({ block: "nearest" });
    }
  });

  /* A proposed amount or price is typed over at once. */
  function selectProposal(field) {
    if (field && field.matches("input[inputmode=decimal][autofocus]") && field.value === field.defaultValue) { field.select(); }
  }

  document.addEventListener("focusin", function (event) { selectProposal(event.target); });

  /* A scanner ends what it read with Enter: that leads on to the next field, and does not send the form. */
  document.addEventListener("keydown", function (event) {
    var field = event.target, fields;
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !field.matches("[data-scan]") || !field.value.trim()) { return; }
    event.preventDefault();
    fields = Array.prototype.filter.call(field.form.elements, function (one) { return one.type !== "hidden"; });
    fields[fields.indexOf(field) + 1].focus();
  });

  /* -- messages -------------------------------------------------------------------------------------------- */

  function leaveLater(toast) {
    var timer = setTimeout(function () { toast.remove(); }, TOAST_SECONDS * 1000);
    toast.addEventListener("mouseenter", function () { clearTimeout(timer); });
    toast.addEventListener("focusin", function () { clearTimeout(timer); });
  }

  function watchToasts() {
    var region = el("toasts");
    region.querySelectorAll("[data-toast]").forEach(leaveLater);
    new MutationObserver(function (changes) {
      changes.forEach(function (change) {
        change.addedNodes.forEach(function (node) {
          if (node.nodeType === 1 && node.matches("[data-toast]")) { leaveLater(node); }
        });
      });
    }).observe(region, { childList: true });
  }

  /* -- the end of the session ------------------------------------------------------------------------------ */

  var endsAt = 0;

  function sessionRenewed() { endsAt = Date.now() + Number(meta("session-seconds")) * 1000; }

  function secondsLeft() { return Math.round((endsAt - Date.now()) / 1000); }

  function renew() {
    fetch(meta("session-renewal"), { method: "POST", headers: { "X-CSRFToken": meta("csrf-token") } })
      .then(function (answer) {
        if (answer.ok && !answer.redirected) {
          sessionRenewed();
          localStorage.setItem("session-renewed", String(Date.now()));
          removeWarning();
        } else {
          location.reload();
        }
      });
  }

  function removeWarning() {
    var warning = el("session-warning");
    if (warning) { warning.remove(); }
  }

  function warn() {
    if (el("session-warning")) { return; }
    var box = make("div", "note-toast", "");
    var stay = make("button", "link-btn", "Stay logged in");
    box.id = "session-warning";
    stay.type = "button";
    stay.addEventListener("click", renew);
    box.append(make("span", "", "Your session ends in two minutes. "), stay);
    el("toasts").append(box);
  }

  function watchSession() {
    if (!meta("session-seconds")) { return; }
    sessionRenewed();
    document.addEventListener("htmx:afterRequest", sessionRenewed);
    window.addEventListener("storage", function (event) {
      if (event.key === "session-renewed") { sessionRenewed(); removeWarning(); }
    });
    setInterval(function () {
      var left = secondsLeft();
      if (left <= 0) { location.reload(); } else if (left <= WARN_SECONDS) { warn(); }
    }, 5000);
  }

  document.addEventListener("DOMContentLoaded", function () {
    watchToasts();
    watchSession();
    var summary = document.querySelector("[data-error-summary]");
    if (summary) { summary.focus(); }
    selectProposal(document.activeElement);
  });
}());
