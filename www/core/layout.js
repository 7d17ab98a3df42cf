/** Where the page's layout changes; style sheets have the same number (see css/tokens.css). */

/** One column, as on a phone. */
export const PHONE = '(width <= 820px)';

/** A phone, upright or on its side. */
export const SMALL = `${PHONE}, (height <= 560px)`;
