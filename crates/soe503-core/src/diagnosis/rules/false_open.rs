//! R18, second part: a circuit that opens by chance.

use super::Fact;

const DAY: f64 = 86_400.0;
const MONTH: f64 = 30.0 * DAY;
/// Beyond this many failures in a row nobody configures.
const MOST: u32 = 1_000;

/// How often `failures` in a row come by chance, where a part `errors` (0 to 1) of `rate` attempts per
/// second fails anyway: `errors^failures × rate`. `None` if that is less than once a day.
pub fn false_opens(failures: u32, errors: f64, rate: f64) -> Option<Fact> {
    if !(0.0..1.0).contains(&errors) || failures == 0 || rate <= 0.0 {
        return None;
    }
    let per_second = |n: u32| errors.powi(n as i32) * rate;
    let per_day = per_second(failures) * DAY;
    let better = (failures..MOST).find(|n| per_second(*n) * MONTH < 1.0)?;
    (per_day > 1.0).then_some(Fact::OpensByChance {
        per_day,
        failures: better,
    })
}
