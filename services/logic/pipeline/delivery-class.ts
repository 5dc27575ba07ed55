/** Below this part of the threshold a large conversation is direct again: not with the first who leaves. */
const directBelow = 0.8

/** Whether a conversation is large from its next batch on. */
export function isLargeWith(threshold: number, memberCount: number, isLarge: boolean): boolean {
  return isLarge ? memberCount >= threshold * directBelow : memberCount > threshold
}
