/** As clients are told who they speak to. */
export const SERVER_INFO = { name: 'headgate', version: '0.1.0' };
