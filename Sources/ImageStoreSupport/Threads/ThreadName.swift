internal import CImageStoreSystem

/// Gives the calling thread a name for debuggers and `/proc`, of at most 15 ASCII characters.
package func nameThread(_ name: StaticString) {
  name.withUTF8Buffer { bytes in
    unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe image_stores_name_thread($0.baseAddress!) }
  }
}
