(** * A branch of a simple eigenvalue is differentiable

    Over every real field, with ε and δ written out: let X(t) be differentiable at 0, X(0)
    symmetric, and λ a simple eigenvalue of X(0) with X(0) v = λ v and vᵀv = 1.  Then every
    continuous choice λ(t) of an eigenvalue of X(t) through λ is differentiable at 0, with the
    derivative vᵀ X′(0) v.  That λ(t) is differentiable is proved, not assumed. *)

From mathcomp Require Import all_ssreflect fingroup perm all_algebra.
From Symgrad Require Import contraction derivation eigenvalue.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Limits.

Variables (R : realFieldType) (x0 : R).
Implicit Types (P Q : R -> R -> Prop) (f g : R -> R -> R) (e l m t x : R).

Lemma halves x : x = x / 2%:R + x / 2%:R.
Proof. by rewrite -mulr2n -mulr_natr divfK // pnatr_eq0. Qed.

(** P holds for all t near 0 and all x near x0. *)
Definition near P := exists2 r, 0 < r & forall t x, `|t| < r -> `|x - x0| < r -> P t x.

(** f(t, x) tends to l as t → 0 and x → x0. *)
Definition tends f l := forall e, 0 < e -> near (fun t x => `|f t x - l| < e).

Lemma near_and P Q : near P -> near Q -> near (fun t x => P t x /\ Q t x).
Proof.
move=> [r r_gt0 nearP] [s s_gt0 nearQ]; exists (Num.min r s); first by rewrite lt_minr r_gt0 s_gt0.
by move=> t x; rewrite !lt_minr => /andP[? ?] /andP[? ?]; split; [apply: nearP | apply: nearQ].
Qed.

Lemma near_imply P Q : (forall t x, P t x -> Q t x) -> near P -> near Q.
Proof. by move=> PQ [r r_gt0 nearP]; exists r => // t x tr xr; apply/PQ/nearP. Qed.

Lemma tends_eq f g l m : (forall t x, f t x = g t x) -> l = m -> tends f l -> tends g m.
Proof. by move=> fg <- lim e /lim; apply: near_imply => t x; rewrite fg. Qed.

Lemma tends_const l : tends (fun _ _ => l) l.
Proof. by move=> e e_gt0; exists 1 => // t x _ _; rewrite subrr normr0. Qed.

Lemma tends_x : tends (fun _ x => x) x0.
Proof. by move=> e e_gt0; exists e. Qed.

Lemma tendsD f g l m : tends f l -> tends g m -> tends (fun t x => f t x + g t x) (l + m).
Proof.
move=> limf limg e e_gt0; have e2_gt0 : 0 < e / 2%:R by rewrite divr_gt0 ?ltr0n.
apply: near_imply (near_and (limf _ e2_gt0) (limg _ e2_gt0)) => t x [fe ge].
rewrite opprD addrACA (le_lt_trans (ler_norm_add _ _)) //.
by rewrite [e]halves ltr_add.
Qed.

Lemma tendsM f g l m : tends f l -> tends g m -> tends (fun t x => f t x * g t x) (l * m).
Proof.
move=> limf limg e e_gt0.
have pos (a : R) : 0 < `|a| + 1 by rewrite ltr_paddl ?normr_ge0 ?ltr01.
have f_gt0 : 0 < e / 2%:R / (`|m| + 1) by rewrite !divr_gt0 ?ltr0n.
have g_gt0 : 0 < e / 2%:R / (`|l| + 1) by rewrite !divr_gt0 ?ltr0n.
apply: near_imply (near_and (limf _ f_gt0) (near_and (limg _ g_gt0) (limg _ ltr01))).
move=> t x [fe [ge g1]].
have -> : f t x * g t x - l * m = (f t x - l) * g t x + (g t x - m) * l.
  by rewrite !mulrBl [_ * l]mulrC [m * l]mulrC addrA subrK.
have half (a : R) : e / 2%:R = e / 2%:R / (`|a| + 1) * (`|a| + 1) by rewrite divfK // gt_eqF.
rewrite (le_lt_trans (ler_norm_add _ _)) // !normrM.
rewrite [ltRHS]halves ltr_le_add //.
  rewrite (half m) ltr_pmul // -(subrK m (g t x)) (le_lt_trans (ler_norm_add _ _)) //.
  by rewrite addrC ltr_add2l.
by rewrite (half l) ler_pmul // ?ltW // ltr_spaddr.
Qed.

Lemma tends_sum (I : Type) (s : seq I) (F : I -> R -> R -> R) (L : I -> R) :
  (forall i, tends (F i) (L i)) -> tends (fun t x => \sum_(i <- s) F i t x) (\sum_(i <- s) L i).
Proof.
move=> lim; elim: s => [|i s IHs].
  by apply: tends_eq (tends_const 0) => [t x|]; rewrite big_nil.
by apply: tends_eq (tendsD (lim i) IHs) => [t x|]; rewrite big_cons.
Qed.

Lemma tends_prod (I : Type) (s : seq I) (F : I -> R -> R -> R) (L : I -> R) :
  (forall i, tends (F i) (L i)) -> tends (fun t x => \prod_(i <- s) F i t x) (\prod_(i <- s) L i).
Proof.
move=> lim; elim: s => [|i s IHs].
  by apply: tends_eq (tends_const 1) => [t x|]; rewrite big_nil.
by apply: tends_eq (tendsM (lim i) IHs) => [t x|]; rewrite big_cons.
Qed.

(** What tends to l ≠ 0 stays away from 0. *)
Lemma tends_away f l : l != 0 -> tends f l -> near (fun t x => `|l| / 2%:R <= `|f t x|).
Proof.
move=> l_neq0 lim; have l2_gt0 : 0 < `|l| / 2%:R by rewrite divr_gt0 ?ltr0n ?normr_gt0.
apply: near_imply (lim _ l2_gt0) => t x close.
have : `|l| < `|l| / 2%:R + `|f t x|.
  by rewrite -{1}[l](subrK (f t x)) (le_lt_trans (ler_norm_add _ _)) // distrC ltr_add2r.
by rewrite {1}[`|l|]halves ltr_add2l => /ltW.
Qed.

(** The same for matrices, entry by entry. *)
Definition tends_mx a b (F : R -> R -> 'M[R]_(a, b)) (L : 'M[R]_(a, b)) :=
  forall i j, tends (fun t x => F t x i j) (L i j).

Lemma tends_mx_const a b (L : 'M[R]_(a, b)) : tends_mx (fun _ _ => L) L.
Proof. by move=> i j; apply: tends_const. Qed.

Lemma tends_mulmx a b c (F : R -> R -> 'M[R]_(a, b)) (G : R -> R -> 'M[R]_(b, c)) L M :
  tends_mx F L -> tends_mx G M -> tends_mx (fun t x => F t x *m G t x) (L *m M).
Proof.
move=> limF limG i j.
apply: tends_eq (tends_sum _ (fun k => tendsM (limF i k) (limG k j))) => [t x|]; by rewrite mxE.
Qed.

Lemma tends_det a (F : R -> R -> 'M[R]_a) L :
  tends_mx F L -> tends (fun t x => \det (F t x)) (\det L).
Proof.
move=> lim; apply: tends_sum => s; apply: tendsM; first exact: tends_const.
by apply: tends_prod => i; apply: lim.
Qed.

Lemma tends_adj a (F : R -> R -> 'M[R]_a) L :
  tends_mx F L -> tends_mx (fun t x => \adj (F t x)) (\adj L).
Proof.
move=> lim i j.
apply: (@tends_eq (fun t x => cofactor (F t x) j i) _ (cofactor L j i)) => [t x||]; rewrite ?mxE //.
apply: tendsM; first exact: tends_const.
by apply: tends_det => k l; apply: tends_eq (lim (lift j k) (lift i l)) => [t x|]; rewrite !mxE.
Qed.

End Limits.

Section Branch.

Variables (R : realFieldType) (n : nat).
Implicit Types (f : R -> R) (e l t x : R).

(** f is continuous at 0. *)
Definition continuous_at0 f :=
  forall e, 0 < e -> exists2 r, 0 < r & forall t, `|t| < r -> `|f t - f 0| < e.

(** f is differentiable at 0, with the derivative l: |f(t) − f(0) − t l| ≤ ε|t| for small t. *)
Definition derivative_at0 f l :=
  forall e, 0 < e -> exists2 r, 0 < r & forall t, `|t| < r -> `|f t - f 0 - t * l| <= e * `|t|.

(** Differentiable means continuous. *)
Lemma derivative_continuous f l : derivative_at0 f l -> continuous_at0 f.
Proof.
move=> /(_ 1 ltr01)[r r_gt0 df] e e_gt0; pose b := 1 + `|l|.
have b_gt0 : 0 < b by rewrite ltr_paddr ?normr_ge0 ?ltr01.
exists (Num.min r (e / b)) => [|t]; first by rewrite lt_minr r_gt0 divr_gt0.
rewrite lt_minr => /andP[/df bound]; rewrite ltr_pdivl_mulr // => small.
rewrite -[f t - f 0](subrK (t * l)) (le_lt_trans (ler_norm_add _ _)) // normrM.
by apply: le_lt_trans small; rewrite mulrDr mulr1 ler_add2r -[leRHS]mul1r.
Qed.

Variables (X : R -> 'M[R]_n) (X' : 'M[R]_n) (v : 'cV[R]_n) (lam0 : R).
Hypotheses (dX : forall i j, derivative_at0 (fun t => X t i j) (X' i j)).
Hypotheses (symX : (X 0)^T = X 0) (eigenpair : X 0 *m v = lam0 *: v) (unit_v : ⟨v, v⟩ = 1).
Hypothesis simple : (char_poly (X 0))^`().[lam0] != 0.

(** (X(t) − X(0))/t, and X′ at t = 0. *)
Let quotient t := if t == 0 then X' else t^-1 *: (X t - X 0).

Let quotientE t : X t = X 0 + t *: quotient t.
Proof.
rewrite /quotient; have [-> | t_neq0] := eqVneq t 0; first by rewrite scale0r addr0.
by rewrite scalerA divff // scale1r addrC subrK.
Qed.

Let tends_quotient : tends_mx lam0 (fun t _ => quotient t) X'.
Proof.
move=> i j e e_gt0; have e2_gt0 : 0 < e / 2%:R by rewrite divr_gt0 ?ltr0n.
have [r r_gt0 bound] := dX i j e2_gt0; exists r => // t _ small _.
rewrite /quotient; have [_ | t_neq0] := eqVneq t 0; first by rewrite subrr normr0.
have t_gt0 : 0 < `|t| by rewrite normr_gt0.
have -> : (t^-1 *: (X t - X 0)) i j - X' i j = t^-1 * (X t i j - X 0 i j - t * X' i j).
  by rewrite !mxE [RHS]mulrBr mulKf.
rewrite normrM normfV mulrC ltr_pdivr_mulr //.
by rewrite (le_lt_trans (bound _ small)) // ltr_pmul2r // [ltRHS]halves ltr_addl.
Qed.

Let tends_X : tends_mx lam0 (fun t _ => X t) (X 0).
Proof.
move=> i j e /(derivative_continuous (dX i j))[r r_gt0 bound].
by exists r => // t _ small _; apply: bound.
Qed.

(** adj(xI − X(t)) v, an eigenvector of X(t) if x is an eigenvalue. *)
Let vector t x := \adj (x%:M - X t) *m v.

Let vector_eigen t x : \det (x%:M - X t) = 0 -> X t *m vector t x = x *: vector t x.
Proof.
move=> root; apply/esym/subr0_eq; rewrite -mul_scalar_mx -mulmxBl mulmxA mul_mx_adj root.
by rewrite mul_scalar_mx scale0r.
Qed.

Let c := \tr (\adj (lam0%:M - X 0)).

Let c_neq0 : c != 0.
Proof. by rewrite /c -deriv_char_poly. Qed.

Let vector0 : vector 0 lam0 = c *: v.
Proof.
have vv : v^T *m v = 1%:M by rewrite [LHS]mx11_scalar -trace_mx11 -frob_trace unit_v.
by rewrite /vector (adj_projector symX eigenpair unit_v) -scalemxAl -mulmxA vv mulmx1.
Qed.

Let tends_vector : tends_mx lam0 vector (c *: v).
Proof.
rewrite -vector0; apply: tends_mulmx (tends_mx_const _ _); apply: tends_adj => i j.
apply: (@tends_eq _ _ (fun t x => x * (i == j)%:R + (-1) * X t i j) _
          (lam0 * (i == j)%:R + (-1) * X 0 i j)) => [t x||].
- by rewrite !mxE mulr_natr mulN1r.
- by rewrite !mxE mulr_natr mulN1r.
by apply: tendsD; apply: tendsM; (exact: tends_x || exact: tends_const || exact: tends_X).
Qed.

(** Near λ, every eigenvalue x of X(t) is λ + t vᵀX′v up to ε|t|. *)
Theorem eigenvalue_near e : 0 < e ->
  near lam0 (fun t x => \det (x%:M - X t) = 0 -> `|x - lam0 - t * ⟨v *m v^T, X'⟩| <= e * `|t|).
Proof.
move=> e_gt0; set q := ⟨_, _⟩.
pose g t x := (v^T *m vector t x) 0 0; pose h t x := (v^T *m (quotient t *m vector t x)) 0 0.
have unit00 : (v^T *m v) 0 0 = 1 by rewrite -trace_mx11 -frob_trace.
have lim_g : tends lam0 g c.
  have := tends_mulmx (tends_mx_const lam0 v^T) tends_vector 0 0.
  by apply: tends_eq => //; rewrite -scalemxAr mxE unit00 mulr1.
have lim_h : tends lam0 h (c * q).
  have := tends_mulmx (tends_mx_const lam0 v^T) (tends_mulmx tends_quotient tends_vector) 0 0.
  apply: tends_eq => //; rewrite -!scalemxAr mxE; congr (_ * _).
  by rewrite /q frob_trace trmx_mul trmxK -mulmxA mxtrace_mulC trace_mx11 mulmxA.
have lim_0 : tends lam0 (fun t x => h t x + - q * g t x) 0.
  by apply: tends_eq (tendsD lim_h (tendsM (tends_const lam0 (- q)) lim_g)) => //;
    rewrite mulNr mulrC subrr.
have c2_gt0 : 0 < `|c| / 2%:R by rewrite divr_gt0 ?ltr0n ?normr_gt0.
have ec_gt0 : 0 < e * (`|c| / 2%:R) by rewrite mulr_gt0.
apply: near_imply (near_and (lim_0 _ ec_gt0) (tends_away c_neq0 lim_g)) => t x [small away] root.
have key : (x - lam0 - t * q) * g t x = t * (h t x + - q * g t x).
  have vX : v^T *m X 0 = lam0 *: v^T by rewrite -{1}symX -trmx_mul eigenpair linearZ.
  have /matrixP/(_ 0 0) :
      (x - lam0) *: (v^T *m vector t x) = t *: (v^T *m (quotient t *m vector t x)).
    have := congr1 (mulmx v^T) (vector_eigen root); rewrite quotientE mulmxDl mulmxDr mulmxA vX.
    by rewrite -!scalemxAl -!scalemxAr scalerBl => <-; rewrite addrAC subrr add0r.
  rewrite [LHS]mxE [RHS]mxE -/(g t x) -/(h t x) => eq_x.
  by rewrite mulrBl eq_x mulNr mulrBr mulrA.
rewrite -(ler_pmul2r c2_gt0); apply: (@le_trans _ _ (`|x - lam0 - t * q| * `|g t x|)).
  by rewrite ler_wpmul2l ?normr_ge0.
rewrite -normrM key normrM mulrAC [leRHS]mulrC; apply: ler_wpmul2l; first exact: normr_ge0.
by move: small; rewrite subr0 => /ltW.
Qed.

(** A continuous branch of a simple eigenvalue is differentiable, with the derivative ⟨v vᵀ, X′⟩. *)
Theorem branch_derivative (lam : R -> R) :
  lam 0 = lam0 -> continuous_at0 lam -> (forall t, root (char_poly (X t)) (lam t)) ->
  derivative_at0 lam ⟨v *m v^T, X'⟩.
Proof.
move=> lam_0 cont roots e /eigenvalue_near[r r_gt0 bound].
have [s s_gt0 close] := cont r r_gt0; exists (Num.min r s); first by rewrite lt_minr r_gt0.
move=> t; rewrite lt_minr => /andP[t_r /close t_s]; rewrite lam_0; apply: bound => //.
  by rewrite -lam_0.
by rewrite -horner_char_poly; apply/eqP/roots.
Qed.

(** The derivative as vᵀ X′ v. *)
Theorem branch_quadratic (lam : R -> R) :
  lam 0 = lam0 -> continuous_at0 lam -> (forall t, root (char_poly (X t)) (lam t)) ->
  derivative_at0 lam ((v^T *m X' *m v) 0 0).
Proof.
have -> : (v^T *m X' *m v) 0 0 = ⟨v *m v^T, X'⟩; last exact: branch_derivative.
by rewrite [RHS]frob_trace trmx_mul trmxK -[in RHS]mulmxA mxtrace_mulC trace_mx11.
Qed.

(** So every valid gradient gives the derivative along a curve of symmetric matrices. *)
Theorem branch_valid (lam : R -> R) G :
  lam 0 = lam0 -> continuous_at0 lam -> (forall t, root (char_poly (X t)) (lam t)) ->
  X'^T = X' -> valid (v *m v^T) G -> derivative_at0 lam ⟨G, X'⟩.
Proof. by move=> lam_0 cont roots symX' ->; first exact: branch_derivative. Qed.

End Branch.
