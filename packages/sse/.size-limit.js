export default [
  {
    path: 'dist/client.js',
    import: '*',
    limit: '10.66 kB',
    gzip: true,
  },
  {
    // As a page gets it: it is minified already, and names that are given anew would make it longer.
    path: 'dist/client.global.js',
    limit: '10.25 kB',
    gzip: true,
    modifyEsbuildConfig: (config) => ({ ...config, loader: { '.js': 'copy' } }),
  },
]
