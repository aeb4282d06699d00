// The player's icons, drawn as SVG elements: no font, no request, nothing inline for the policy to mind.

const paths = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  sound: "M4 9v6h4l5 5V4L8 9zM16 8.2a5 5 0 0 1 0 7.6l1.3 1.5a7 7 0 0 0 0-10.6z",
  mute: "M4 9v6h4l5 5V4L8 9zM16 9.4 17.4 8l2.1 2.1L21.6 8 23 9.4l-2.1 2.1 2.1 2.1-1.4 1.4-2.1-2.1-2.1 2.1-1.4-1.4 2.1-2.1z",
  settings:
    "M10 4h4l.5 2.4 1.7 1 2.3-.8 2 3.4-1.8 1.6v1.8l1.8 1.6-2 3.4-2.3-.8-1.7 1L14 21h-4l-.5-2.4-1.7-1-2.3.8-2-3.4 1.8-1.6v-1.8L3.5 10l2-3.4 2.3.8 1.7-1zM12 9.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  pip: "M3 5h18v14H3zm2 2v10h14V7zm7 5h6v4h-6z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  shrink: "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z",
};

/** @typedef {keyof typeof paths} Icon */

const space = "http://www.w3.org/2000/svg";

/** @param {Icon} name */
export function icon(name) {
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("fill-rule", "evenodd");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
