/** The label space: seven expressions, in the order every model, table and file of Mien uses. */

export const expressions = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
export type Expression = (typeof expressions)[number];

/** Names other data sets use for the seven expressions, lower case. */
const synonyms: Readonly<Record<string, Expression>> = {
  anger: 'angry',
  disgusted: 'disgust',
  fearful: 'fear',
  afraid: 'fear',
  scared: 'fear',
  happiness: 'happy',
  joy: 'happy',
  sadness: 'sad',
  surprised: 'surprise',
  neutrality: 'neutral',
};

/** The expression a class name means, or undefined: `'Happiness'` → `'happy'`. */
export function parseExpression(name: string): Expression | undefined {
  const key = name.trim().toLowerCase();
  return (expressions as readonly string[]).includes(key) ? (key as Expression) : synonyms[key];
}
