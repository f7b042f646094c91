// What each operation of the API takes and gives, from the description of the service.
import type { components, paths } from "../generated/rest.ts";

export type Schemas = components["schemas"];
export type Method = "get" | "post" | "put" | "delete";

/** The addresses that know a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];

type Path<Op> = Op extends { parameters: { path: infer V } } ? { path: V } : unknown;
type Query<Op> = Op extends { parameters: { query?: infer V } } ? { query?: V } : unknown;
type Body<Op> = Op extends { requestBody: { content: { "application/json": infer V } } }
  ? { body: V }
  : Op extends { requestBody?: { content: { "application/json": infer V } } }
    ? { body?: V }
    : unknown;

/** What an operation is asked with. */
export type Asked<Op> = Path<Op> & Query<Op> & Body<Op> & { signal?: AbortSignal };

type Good<Op> = Op extends { responses: infer R } ? R[keyof R & (200 | 201 | 202 | 204)] : never;

/** What an operation answers; undefined where the answer is empty. */
export type Answered<Op> =
  Good<Op> extends infer G ? (G extends { content: { "application/json": infer V } } ? V : undefined) : never;
