/** `mien data export`: a store in a form that others read. */
import { type Command, Option } from 'commander';
import { type ExportForm, exportForms, exportStore } from '@mien/data';
import { note, printJson, Progress } from '../../output.ts';

interface ExportFlags {
  out: string;
  format: ExportForm;
  json?: boolean;
}

export function addExportVerb(data: Command): void {
  data
    .command('export')
    .argument('<store>', 'store made by `mien data import`')
    .description('write a store as image folders, as a csv like fer2013.csv, or as Parquet')
    .requiredOption('--out <path>', 'new folder, or file of the csv')
    .addOption(
      new Option('--format <name>', 'folders: train/happy/….png; csv: emotion,pixels,Usage; parquet: one file a split')
        .choices([...exportForms])
        .default('folders'),
    )
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  mien data export data/merged --format parquet --out merged-parquet')
    .action(async (store: string, { out, format, json }: ExportFlags) => {
      const progress = new Progress();
      const { images, files, unlocked } = await exportStore(store, {
        out,
        form: format,
        onProgress: (done, total) => progress.count('writing images', done, total),
      });
      progress.end();
      if (unlocked.length > 0) note(`${out} cannot say that ${unlocked.join(', ')} must not be trained on: import it with --lock ${unlocked.join(',')}`);
      if (json) printJson({ out, format, images, files, unlocked });
      else note(`${images} images in ${out}`);
    });
}
