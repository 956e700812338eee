/** Names beside the crews, none on top of another. Pure; pixels. */
export interface Tag {
  key: string;
  words: string;
  x: number;
  y: number;
}

type Box = [left: number, top: number, right: number, bottom: number];

function boxOf(tag: Tag, left: boolean, rem: number): Box {
  const wide = (tag.words.length * 0.62 + 1) * 1.125 * rem;
  const from = left ? tag.x - wide - 1.125 * rem : tag.x + 1.125 * rem;
  return [from, tag.y - 0.85 * rem, from + wide, tag.y + 0.95 * rem];
}

const meet = (a: Box, b: Box): boolean => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** The tags that fit, the first ones first: to the right of their crew, else to its left. */
export function apart(tags: readonly Tag[], rem: number): (Tag & { left: boolean })[] {
  const taken: Box[] = [];
  return tags.flatMap((tag) => {
    const side = [false, true].find((left) => !taken.some((box) => meet(box, boxOf(tag, left, rem))));
    if (side === undefined) return [];
    taken.push(boxOf(tag, side, rem));
    return [{ ...tag, left: side }];
  });
}
