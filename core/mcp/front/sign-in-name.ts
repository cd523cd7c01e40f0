/** What clients of the newest revision know the gateway's own question by. */
export const SIGN_IN = 'headgate_sign_in';
