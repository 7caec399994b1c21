// Nothing is exported yet: the fallback transport will live here, server half and browser half.
export {}
