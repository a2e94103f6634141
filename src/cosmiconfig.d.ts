// The search without the package's own entry; that one's types do not cover it.
declare module 'cosmiconfig/dist/ExplorerSync.js' {
  import type { CosmiconfigResult, LoaderSync, OptionsSync } from 'cosmiconfig';

  export class ExplorerSync {
    constructor(
      options: OptionsSync & {
        moduleName: string;
        loaders: Record<string, LoaderSync>;
        metaConfigFilePath: string | null;
        applyPackagePropertyPathToConfiguration: boolean;
      },
    );
    search(from: string): CosmiconfigResult;
    load(path: string): CosmiconfigResult;
  }
}
