/** The part of upng-js that makes pictures small. */
declare module 'upng-js' {
  type Picture = { readonly width: number; readonly height: number };
  const UPNG: {
    decode(png: ArrayBuffer): Picture;
    toRGBA8(picture: Picture): ArrayBuffer[];
    /** At most so many colours. */
    encode(frames: ArrayBuffer[], width: number, height: number, colours: number): ArrayBuffer;
  };
  export default UPNG;
}
