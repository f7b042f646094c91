/** A value that JSON can say. JSDoc cannot name a type that holds itself. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
