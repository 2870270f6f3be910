//! scratch
use superpose_sweep::file::Sweep;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = "schema=1\nname=\"t\"\n[data]\nfrequencies={law=\"power\",exponent=0.0}\n[train]\nweight_decay=-1.0\nsteps=60\ntest_batches=2\n[model]\nd_hidden=10\n";
    let cell = Sweep::parse(text, std::path::Path::new("x"), &args[2..]).unwrap().cells.remove(0);
    let device = superpose_device::open(&args[1]).unwrap().device;
    let p = cell.probabilities().unwrap();
    let t = std::time::Instant::now();
    let mut times = vec![];
    let mut last = t;
    superpose_train::train::train(&cell, &p, &device, &mut |_| { times.push(last.elapsed().as_secs_f64()*1e3); last = std::time::Instant::now(); true });
    times.sort_by(f64::total_cmp);
    println!("{} median {:.3} ms min {:.3}", args[1], times[times.len()/2], times[0]);
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", s.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
