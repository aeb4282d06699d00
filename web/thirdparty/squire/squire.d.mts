// What our scripts use of Squire.
export default class Squire {
  constructor(root: HTMLElement, config?: {
    blockTag?: string;
    sanitizeToDOMFragment?: (html: string) => DocumentFragment;
    didError?: (error: unknown) => void;
  });
  _imageResizer?: { destroy(): void };
  destroy(): void;
  addEventListener(type: string, fn: (e: any) => void): this;
  getHTML(): string;
  setHTML(html: string): this;
  insertHTML(html: string): this;
  insertPlainText(text: string, isPaste: boolean): this;
  getRoot(): HTMLElement;
  getPath(): string;
  getSelection(): Range;
  setSelection(range: Range): this;
  hasFormat(tag: string): boolean;
  bold(): this;
  removeBold(): this;
  makeUnorderedList(): this;
  makeOrderedList(): this;
  removeList(): this;
  increaseQuoteLevel(): this;
  decreaseQuoteLevel(): this;
  makeLink(url: string): this;
  removeLink(): this;
  modifyBlocks(modify: (frag: DocumentFragment) => Node): this;
  undo(): this;
  redo(): this;
}
