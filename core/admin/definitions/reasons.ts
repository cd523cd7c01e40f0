/** Why something of the store is not in force. */
export const IN_FILE_TOO = 'The configuration file defines the same, and counts.';
