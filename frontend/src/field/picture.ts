/** Makes a phone's picture small enough for a weak connection: 1600 px at most, JPEG. */
const LONGEST = 1600;
const QUALITY = 0.82;

/** The size that fits, never enlarged. Pure. */
export function fitted(width: number, height: number, longest = LONGEST): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.round(width * scale), Math.round(height * scale)];
}

/** The picture made smaller; as it is where the browser cannot. */
export async function smaller(picture: Blob): Promise<Blob> {
  try {
    const bitmap = await createImageBitmap(picture, { imageOrientation: "from-image" });
    const [width, height] = fitted(bitmap.width, bitmap.height);
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, width, height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  } catch {
    return picture;
  }
}
