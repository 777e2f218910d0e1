/** `WebAssembly.Tag`. Spec: js-api (tags). */
import { hostTag } from "../exception.ts";
import type { TagInst } from "../runtime/func.ts";
import { valueType } from "./descriptors.ts";
import { setObject } from "./identity.ts";
import { defineInterface, dictionary, Slot, sequence } from "./web-idl.ts";

export const tagSlot = new Slot<TagInst>("Tag");

export class Tag {
  constructor(type: unknown) {
    const { parameters } = dictionary(type, "the type");
    const inst = hostTag(sequence(parameters, "parameters").map((p) => valueType(p, "a parameter")));
    tagSlot.set(this, inst);
    setObject(inst, this);
  }
}
defineInterface(Tag, "Tag");

/** The object for a tag of the engine. */
export function tagObject(inst: TagInst): Tag {
  const tag = Object.create(Tag.prototype) as Tag;
  tagSlot.set(tag, inst);
  return tag;
}
