/** What this browser can draw with. */
export type Drawing = "gpu" | "software" | "none";

/** True for renderers that draw with the processor: SwiftShader, llvmpipe, Microsoft's basic one. */
export function isSoftware(renderer: string): boolean {
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

/** Ask the browser; `?render=gpu|software|none` overrides the answer, for a stubborn screen. */
export function drawing(): Drawing {
  const asked = new URLSearchParams(location.search).get("render");
  if (asked === "gpu" || asked === "software" || asked === "none") return asked;
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return "none";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return isSoftware(renderer) ? "software" : "gpu";
}
