/** By which the tool of an API says what it answers with, in `_meta`; not for clients. */
export const RETURNS = 'headgate/returns';
