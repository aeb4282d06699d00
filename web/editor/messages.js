// What the editor says, in the language of the page.

/** @typedef {typeof zh} Messages */

const zh = {
  toolbar: "文字格式", text: "正文", h2: "大标题", h3: "小标题", bold: "加粗", bullets: "列表", numbers: "编号", quote: "引用",
  link: "链接", picture: "图片", attach: "附件", live: "直播", undo: "撤销", redo: "重做", dictate: "语音输入", dictateStop: "停止语音",
  linkAddress: "链接地址", linkBad: "请输入以 https:// 开头的网址", unlink: "去掉链接", ok: "确定", cancel: "取消", close: "关闭",
  alt: "图片说明", altHelp: "给看不见图片的人：图上是什么？例如“村民在晒场晾晒玉米”。", liveName: "直播名称", liveBad: "只能用英文字母、数字、点、横线，字母或数字开头",
  liveBlock: (/** @type {string} */ n) => `直播：${n}`, words: (/** @type {number} */ n) => `${n} 字`, uploading: (/** @type {string} */ n, /** @type {number} */ p) => `正在上传 ${n}：${p}%`,
  uploaded: (/** @type {string} */ n) => `${n} 已上传`, uploadFailed: (/** @type {string} */ n, /** @type {string} */ why) => `${n} 没有上传成功：${why}`,
  offline: "网络不通，请稍后再试", foreign: (/** @type {number} */ n) => `有 ${n} 张图片在别的网站上，没有一起粘贴。请把图片存下来，再用“图片”按钮上传。`,
  local: (/** @type {number} */ n) => `有 ${n} 张图片在您的电脑里，浏览器读不到。请用“图片”按钮上传。`, remove: "移除", attachAdd: "添加附件", attachPicture: "这是图片，请用“图片”按钮放进正文",
  attachRemoved: (/** @type {string} */ n) => `已移除 ${n}`, attachMoved: (/** @type {string} */ n, /** @type {number} */ i) => `${n} 移到了第 ${i} 位`, moveUp: (/** @type {string} */ n) => `上移 ${n}`, moveDown: (/** @type {string} */ n) => `下移 ${n}`,
  listening: "正在听，请说话……", deaf: "没有听到，或浏览器不能使用麦克风",
};

/** @type {Messages} */
const en = {
  toolbar: "Formatting", text: "Text", h2: "Heading", h3: "Subheading", bold: "Bold", bullets: "List", numbers: "Numbers", quote: "Quote",
  link: "Link", picture: "Picture", attach: "Attachment", live: "Live", undo: "Undo", redo: "Redo", dictate: "Dictate", dictateStop: "Stop dictating",
  linkAddress: "Address", linkBad: "Please enter an address that begins with https://", unlink: "Remove link", ok: "OK", cancel: "Cancel", close: "Close",
  alt: "What the picture shows", altHelp: "For those who can't see it, such as “villagers drying maize”.", liveName: "Name of the stream", liveBad: "Letters, digits, dots and hyphens only, a letter or digit first",
  liveBlock: (n) => `Live: ${n}`, words: (n) => `${n} words`, uploading: (n, p) => `Uploading ${n}: ${p}%`,
  uploaded: (n) => `${n} is uploaded`, uploadFailed: (n, why) => `${n} was not uploaded: ${why}`,
  offline: "no connection, please try again later", foreign: (n) => `${n} pictures lie on another site and were not pasted. Save them and upload them with “Picture”.`,
  local: (n) => `${n} pictures lie on your computer, where the browser can't read them. Please upload them with “Picture”.`, remove: "Remove", attachAdd: "Add attachments", attachPicture: "this is a picture; put it into the text with “Picture”",
  attachRemoved: (n) => `Removed ${n}`, attachMoved: (n, i) => `${n} is number ${i} now`, moveUp: (n) => `Move ${n} up`, moveDown: (n) => `Move ${n} down`,
  listening: "Listening, please speak…", deaf: "Nothing was heard, or the browser may not use the microphone",
};

/** @returns {Messages} */
export const messages = () => (document.documentElement.lang.startsWith("en") ? en : zh);
